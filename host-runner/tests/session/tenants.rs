//! What a tenant asks without a component.

use knosc_bulk_import::fault::Fault;
use knosc_runner::error::Error;
use knosc_runner::net::{ClientConfig, NetError};
use knosc_runner::tenant::{Tenant, TenantConfig};
use local_knosc::{AnswerFault, DEFAULT_TENANT, When};

use crate::common::{Recorded, both, demo, knosc, tenant, user};

#[tokio::test]
async fn templates_come_as_knosc_gives_them() {
    let knosc = knosc();
    let tenant = tenant(&knosc.tenant_url(DEFAULT_TENANT), Recorded::new(demo()));
    assert!(tenant.templates().await.unwrap().starts_with(['{', '[']));
    let record = knosc.model().requests().last().cloned().unwrap();
    assert_eq!((record.method.as_str(), record.path.as_str()), ("GET", "/api/templates"));
}

#[tokio::test]
async fn an_expired_session_costs_one_renewal_and_one_more_request() {
    for knosc in both() {
        let tenant = tenant(&knosc.url(), Recorded::new(demo()));
        tenant.sign_in().await.unwrap();
        knosc.model().expire_sessions(DEFAULT_TENANT, false);
        tenant.templates().await.unwrap();
        let statuses: Vec<u16> = knosc.model().requests().map(|record| record.status).collect();
        assert_eq!(statuses, [200, 401, 200, 200]);
    }
}

#[tokio::test]
async fn a_401_that_stays_is_asked_twice_and_no_more() {
    let knosc = knosc();
    let tenant = tenant(&knosc.url(), Recorded::new(demo()));
    let fault = AnswerFault {
        path: "/api/templates".into(),
        when: When::Before,
        times: 9,
        status: Some(401),
        ..AnswerFault::default()
    };
    knosc.model().faults_mut(DEFAULT_TENANT).unwrap().answers.push(fault);
    let error = tenant.templates().await.unwrap_err();
    assert!(matches!(error, Error::Fault(Fault::PermanentUnauthorized(_))), "{error:?}");
    let model = knosc.model();
    assert_eq!(model.requests().filter(|record| record.path == "/api/templates").count(), 2);
    assert_eq!((model.refreshes(), model.sign_in_attempts()), (1, 1));
}

#[tokio::test]
async fn logout_ends_the_session_and_forgets_it() {
    let knosc = knosc();
    let tenant = tenant(&knosc.url(), Recorded::new(demo()));
    tenant.sign_in().await.unwrap();
    tenant.logout().await.unwrap();
    assert_eq!(knosc.model().requests().last().unwrap().path, "/api/logout");
    tenant.sign_in().await.unwrap();
    assert_eq!(knosc.model().sign_in_attempts(), 2);
}

#[tokio::test]
async fn two_tenants_share_nothing() {
    let knosc = knosc();
    let acme = tenant(&knosc.tenant_url("acme"), Recorded::new(demo()));
    let birch_user = user("demo@birch.test", local_knosc::DEFAULT_PASSWORD, None);
    let birch = tenant(&knosc.tenant_url("birch"), Recorded::new(birch_user));
    let (acme_session, birch_session) =
        (acme.sign_in().await.unwrap(), birch.sign_in().await.unwrap());
    assert!(acme_session != birch_session);
    acme.templates().await.unwrap();
    birch.templates().await.unwrap();
    let tenants: Vec<_> = knosc.model().requests().map(|record| record.tenant.clone()).collect();
    assert_eq!(tenants, ["acme", "birch", "acme", "birch"]);
}

#[tokio::test]
async fn a_server_that_is_gone_is_transient_and_a_bad_setup_is_not() {
    let url = knosc().url();
    let error = tenant(&url, Recorded::new(demo())).templates().await.unwrap_err();
    assert!(matches!(error, Error::SignIn(_)), "{error:?}");

    let client = ClientConfig { ca_files: vec!["missing.pem".into()], ..ClientConfig::default() };
    let origin = "https://acme.knosc.com".parse().unwrap();
    let credentials = Recorded::new(demo());
    let error = Tenant::new(TenantConfig { name: "acme".into(), origin, client, credentials });
    assert!(matches!(error, Err(Error::Net(NetError::Configuration { .. }))), "{error:?}");
}
