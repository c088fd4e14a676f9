//! Sessions once they exist: cookies, CSRF, refresh, expiry, logout.

use crate::client::{START, signed_in, stranger};
use local_knosc::{DEFAULT_PASSWORD, Request, Response};
use serde_json::json;

fn set_cookie<'a>(answer: &'a Response, name: &str) -> &'a str {
    let prefix = format!("{name}=");
    answer.headers.iter().map(|(_, v)| v.as_str()).find(|v| v.starts_with(&prefix)).unwrap_or("")
}

fn code(answer: &Response) -> String {
    answer.to_json()["Code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn sign_in_sets_four_cookies_with_their_paths_and_attributes() {
    let answer = stranger().sign_in("demo@acme.test", DEFAULT_PASSWORD);
    assert_eq!((answer.status, answer.to_json()), (200, json!({"login": true})));
    let expected = [
        ("access_token_cookie", "/", true),
        ("csrf_access_token", "/", false),
        ("refresh_token_cookie", "/api/token-refresh", true),
        ("csrf_refresh_token", "/api/token-refresh", false),
    ];
    assert_eq!(answer.set_cookies().len(), expected.len());
    for (name, path, http_only) in expected {
        let cookie = set_cookie(&answer, name);
        let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
        assert!(attributes.contains(&format!("Path={path}").as_str()), "{cookie}");
        assert!(attributes.contains(&"SameSite=Lax"), "{cookie}");
        assert_eq!(attributes.contains(&"HttpOnly"), http_only, "{cookie}");
        assert!(!cookie.contains("Secure") && !cookie.contains("Max-Age"), "{cookie}");
    }
    assert_eq!(
        set_cookie(&answer, "access_token_cookie").split('.').count(),
        3,
        "a JWT has three parts"
    );
}

#[test]
fn get_needs_the_cookie_only_and_post_the_csrf_header_too() {
    let mut client = signed_in();
    let cookie = format!("access_token_cookie={}", client.cookies["access_token_cookie"]);
    let bare = |method: &str| Request::new(method, "/api/templates").with_header("Cookie", &cookie);
    assert_eq!(client.send_as_is(&bare("GET")).status, 200);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let answer = client.send_as_is(&bare(method));
        assert_eq!(answer.status, 422, "{method}");
        assert!(answer.to_json()["Message"].is_string() && !code(&answer).is_empty());
        let wrong = client.send_as_is(&bare(method).with_header("X-XSRF-TOKEN", "wrong"));
        assert_eq!(wrong.status, 422, "assumed: a wrong value is as bad as none");
    }
    let csrf = client.cookies["csrf_access_token"].clone();
    let good = client.send_as_is(&bare("POST").with_header("x-xsrf-token", &csrf));
    assert_eq!(good.status, 404, "past the session, and there is no such route");
}

#[test]
fn without_a_valid_token_everything_but_the_public_routes_is_401() {
    for target in [
        "/api/job?jobs=[]",
        "/api/templates",
        "/api/item-master",
        "/api/validate-privileges?path=/demand",
    ] {
        assert_eq!(stranger().get(target).status, 401, "{target}");
    }
    let forged =
        Request::new("GET", "/api/templates").with_header("Cookie", "access_token_cookie=a.b.c");
    assert_eq!(signed_in().send_as_is(&forged).status, 401);
    let mut client = stranger();
    assert_eq!(client.upload("unit-master", "u.csv", b"_UnitCode\nEA\n").status, 401);
    assert!(client.model.uploads().is_empty());
}

#[test]
fn refresh_takes_the_refresh_pair_and_gives_a_new_access_pair() {
    let mut client = signed_in();
    let before = client.cookies.clone();
    let access_csrf = client.cookies["csrf_access_token"].clone();
    let refresh = |csrf: &str, client: &mut crate::client::Client| {
        let cookie = format!("refresh_token_cookie={}", before["refresh_token_cookie"]);
        let request = Request::new("POST", "/api/token-refresh").with_header("Cookie", &cookie);
        client.send_as_is(&if csrf.is_empty() {
            request
        } else {
            request.with_header("X-XSRF-TOKEN", csrf)
        })
    };
    assert_eq!(refresh("", &mut client).status, 422);
    assert_eq!(
        refresh(&access_csrf, &mut client).status,
        422,
        "the access CSRF value is the wrong one here"
    );
    let answer = refresh(&before["csrf_refresh_token"], &mut client);
    assert_eq!(answer.status, 200);
    let names: Vec<String> = answer.set_cookies().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["access_token_cookie", "csrf_access_token"],
        "the refresh pair is not issued again"
    );
    assert_ne!(client.cookies["csrf_access_token"], access_csrf);
    let new_cookie = format!("access_token_cookie={}", client.cookies["access_token_cookie"]);
    let old_value = Request::new("POST", "/api/logout").with_header("Cookie", &new_cookie);
    assert_eq!(client.send_as_is(&old_value.with_header("X-XSRF-TOKEN", &access_csrf)).status, 422);
    assert_eq!(client.post("/api/logout", &json!({})).status, 200);
    assert_eq!(client.model.refreshes(), 3);
}

#[test]
fn access_tokens_end_by_time_by_count_and_by_hand() {
    let mut client = signed_in();
    client.now = START + 900_000;
    assert_eq!(client.get("/api/templates").status, 401);
    assert_eq!(client.post("/api/token-refresh", &json!({})).status, 200);
    assert_eq!(client.get("/api/templates").status, 200);

    client.knobs(&json!({"assumed_expire_after_requests": 3}));
    let statuses: Vec<u16> = (0..3).map(|_| client.get("/api/templates").status).collect();
    assert_eq!(statuses, [200, 200, 401], "one request was made before");
    assert_eq!(client.post("/api/token-refresh", &json!({})).status, 200);

    client.knobs(&json!({"expire_sessions": true}));
    assert_eq!(client.get("/api/templates").status, 401);
    assert_eq!(client.post("/api/token-refresh", &json!({})).status, 200);
    client.knobs(&json!({"expire_sessions": "all"}));
    assert_eq!(
        client.post("/api/token-refresh", &json!({})).status,
        401,
        "a refresh can fail for good"
    );
}

#[test]
fn a_test_may_see_what_it_has_to_look_for() {
    let mut client = signed_in();
    let values = client.model.session_values(&client.tenant);
    assert!(!client.cookies.is_empty());
    for (name, value) in &client.cookies {
        assert!(values.contains(value), "{name}");
    }
    client.knobs(&json!({"expire_sessions": "all"}));
    assert!(client.model.session_values(&client.tenant).is_empty());
}

#[test]
fn a_changed_user_record_ends_every_token() {
    let mut client = signed_in();
    client.knobs(&json!({"touch_user": "demo"}));
    assert_eq!(client.get("/api/templates").status, 401);
    assert_eq!(client.post("/api/token-refresh", &json!({})).status, 401);
    assert_eq!(client.sign_in("demo", DEFAULT_PASSWORD).status, 200);
    assert_eq!(client.get("/api/templates").status, 200);
}

#[test]
fn logout_clears_both_token_cookies_and_keeps_no_blocklist() {
    let mut client = signed_in();
    let kept = format!("access_token_cookie={}", client.cookies["access_token_cookie"]);
    let answer = client.post("/api/logout", &json!({}));
    assert_eq!(answer.status, 200);
    for name in ["access_token_cookie", "refresh_token_cookie"] {
        assert!(
            set_cookie(&answer, name).contains("Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            "{name}"
        );
    }
    assert_eq!(client.get("/api/templates").status, 401);
    let stolen = Request::new("GET", "/api/templates").with_header("Cookie", &kept);
    assert_eq!(
        client.send_as_is(&stolen).status,
        200,
        "documented: there is no server-side blocklist"
    );

    let mut client = signed_in();
    client.knobs(&json!({"assumed_logout_revokes": true}));
    let kept = format!("access_token_cookie={}", client.cookies["access_token_cookie"]);
    client.post("/api/logout", &json!({}));
    assert_eq!(
        client
            .send_as_is(&Request::new("GET", "/api/templates").with_header("Cookie", &kept))
            .status,
        401
    );
}

#[test]
fn the_refresh_cookie_anywhere_else_is_refused() {
    let mut client = signed_in();
    let all: Vec<String> = client.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let request = Request::new("GET", "/api/templates").with_header("Cookie", &all.join("; "));
    assert_eq!(
        client.send_as_is(&request).status,
        400,
        "the client did not keep the cookie's path"
    );
    client.knobs(&json!({"assumed_stray_refresh_cookie_refused": false}));
    assert_eq!(client.send_as_is(&request).status, 200);
}

#[test]
fn tenants_are_apart() {
    let mut client = signed_in();
    client.load("unit-master", "_UnitCode\nEA\n");
    client.tenant = "birch".into();
    assert_eq!(client.get("/api/templates").status, 401, "a session of one is none of another");
    assert_eq!(client.sign_in("demo@acme.test", DEFAULT_PASSWORD).status, 401);
    assert_eq!(client.sign_in("demo@birch.test", DEFAULT_PASSWORD).status, 200);
    assert!(client.rows("unit-master").is_empty());
    client.tenant = "cedar".into();
    assert_eq!(client.sign_in("demo", DEFAULT_PASSWORD).status, 404);
}

#[test]
fn the_same_seed_and_requests_give_the_same_answers() {
    let run = || {
        let mut client = signed_in();
        (client.queue("unit-master", "_UnitCode\nEA\n"), client.cookies)
    };
    assert_eq!(run(), run());
}

#[test]
fn sessions_may_be_refused_as_the_library_of_the_cookies_does() {
    let mut client = signed_in();
    client.knobs(&json!({"assumed_session_refusals": "msg"}));
    let cookie = format!("access_token_cookie={}", client.cookies["access_token_cookie"]);
    let bare = Request::new("POST", "/api/templates").with_header("Cookie", &cookie);
    let without_csrf = client.send_as_is(&bare);
    client.knobs(&json!({"expire_sessions": true}));
    for (answer, status) in [(without_csrf, 422), (client.get("/api/templates"), 401)] {
        assert_eq!(answer.status, status);
        let body = answer.to_json();
        assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        assert!(body["msg"].is_string(), "{body}");
    }
}
