//! Sign-ins of many processes: Knosc locks an account after three refusals, so that one refusal has to be enough for all.

use std::process::Child;

use local_knosc::{Config, TenantConfig, UserConfig};

use super::place::{Place, ended, knosc, run};

const POLL: [&str; 3] = ["poll", "unit-master:unit-master-upload-000000", "-q"];

#[test]
fn ten_processes_with_a_wrong_password_ask_once_one_after_another() {
    let knosc = knosc();
    let place = Place::new("ten");
    for _ in 0..10 {
        let found = run(place.runner(&knosc.url(), &POLL).env("KNOSC_PASSWORD", "wrong"));
        assert_eq!(found.exit, 4, "{found:?}");
        assert!(found.stderr.contains("Invalid username or password."), "{found:?}");
    }
    assert_eq!(knosc.model().sign_in_attempts(), 1);
    // Another one is not held back, and only the wrong one stays refused.
    assert_eq!(run(&mut place.runner(&knosc.url(), &["login"])).exit, 0);
    assert_eq!(knosc.model().sign_in_attempts(), 2);
}

#[test]
fn ten_processes_with_a_wrong_password_ask_once_at_the_same_time() {
    let knosc = knosc();
    let place = Place::new("ten-at-once");
    let spawn = |_| -> Child {
        place.runner(&knosc.url(), &POLL).env("KNOSC_PASSWORD", "wrong").spawn().unwrap()
    };
    let children: Vec<Child> = (0..10).map(spawn).collect();
    for child in children {
        let found = ended(child.wait_with_output().unwrap());
        assert_eq!(found.exit, 4, "{found:?}");
        assert!(found.stderr.contains("Invalid username or password."), "{found:?}");
    }
    assert_eq!(knosc.model().sign_in_attempts(), 1);
}

#[test]
fn processes_that_start_together_share_one_session() {
    let knosc = knosc();
    let place = Place::new("together");
    let spawn = |_| -> Child { place.runner(&knosc.url(), &POLL).spawn().unwrap() };
    let children: Vec<Child> = (0..6).map(spawn).collect();
    for child in children {
        // Knosc does not know the job: that is not finished, and it was asked.
        assert_eq!(ended(child.wait_with_output().unwrap()).exit, 5);
    }
    assert_eq!(knosc.model().sign_in_attempts(), 1);
}

#[test]
fn a_refused_user_stays_refused_when_another_one_signs_in() {
    let mut config = Config::default();
    let users = ["a@acme.test", "b@acme.test"].map(|name| UserConfig::new(name, "right"));
    config.tenants = vec![TenantConfig { name: "acme".into(), users: users.into() }];
    let knosc = local_knosc::spawn(config).unwrap();
    let place = Place::new("two-users");
    let login = |name: &str, password: &str| {
        let mut command = place.runner(&knosc.url(), &["login"]);
        run(command.env("KNOSC_USERNAME", name).env("KNOSC_PASSWORD", password)).exit
    };
    for _ in 0..4 {
        assert_eq!((login("a@acme.test", "wrong"), login("b@acme.test", "right")), (4, 0));
    }
    assert_eq!(knosc.model().sign_in_attempts(), 5, "one refusal and four sign-ins");
    assert_eq!(login("a@acme.test", "right"), 0);
}
