//! How somebody comes to a session: password, lockout, second factor, first sign-in.

use crate::client::{START, signed_in, stranger};
use local_knosc::{DEFAULT_PASSWORD, DEFAULT_TOTP_SECRET, Request, totp_code};
use serde_json::json;

const TWO_FACTOR: &str = "two-factor@acme.test";

#[test]
fn user_name_and_e_mail_sign_in_and_a_wrong_password_does_not() {
    for name in ["demo", "demo@acme.test", "service@acme.test"] {
        assert_eq!(stranger().sign_in(name, DEFAULT_PASSWORD).status, 200, "{name}");
    }
    for (name, password) in [("demo", "wrong"), ("nobody", DEFAULT_PASSWORD)] {
        let answer = stranger().sign_in(name, password);
        assert_eq!(answer.status, 401);
        let expected =
            json!({"Message": "Invalid username or password.", "Code": "User.InvalidCredentials"});
        assert_eq!(answer.to_json(), expected);
        assert!(answer.set_cookies().is_empty());
    }
}

#[test]
fn a_malformed_sign_in_is_400_with_the_documented_code() {
    let json_type = ("Content-Type", "application/json");
    let cases = [
        (Some(json_type), "{"),
        (Some(json_type), r#"{"username": "demo"}"#),
        (Some(json_type), "[]"),
        (None, r#"{"username": "demo", "password": "local-demo-password"}"#),
    ];
    for (header, body) in cases {
        let mut request = Request::new("POST", "/api/authenticate").with_body(body);
        if let Some((name, value)) = header {
            request = request.with_header(name, value);
        }
        let answer = stranger().send_as_is(&request);
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(
            answer.to_json(),
            json!({"Message": "Bad Request Format", "Code": "JSON.Invalid"})
        );
    }
}

#[test]
fn three_failures_in_a_row_lock_the_account_and_more_lock_it_longer() {
    let mut client = stranger();
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(client.sign_in("demo", "wrong").to_json()["Code"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes, ["User.InvalidCredentials", "User.InvalidCredentials", "User.Locked"]);
    let right = client.sign_in("demo", DEFAULT_PASSWORD);
    assert_eq!(
        (right.status, right.set_cookies().len()),
        (401, 0),
        "locked, although the password is right"
    );
    client.now = START + 59_999;
    assert_eq!(client.sign_in("demo", DEFAULT_PASSWORD).status, 401);
    client.now = START + 60_000;
    assert_eq!(client.sign_in("demo", "wrong").status, 401);
    client.now += 119_999;
    assert_eq!(
        client.sign_in("demo", DEFAULT_PASSWORD).status,
        401,
        "the second lock is twice as long"
    );
    client.now += 1;
    assert_eq!(client.sign_in("demo", DEFAULT_PASSWORD).status, 200);
    client.sign_in("demo", "wrong");
    client.sign_in("demo", "wrong");
    assert_eq!(
        client.sign_in("demo", DEFAULT_PASSWORD).status,
        200,
        "a success starts the count anew"
    );
}

#[test]
fn the_locked_answer_is_a_knob() {
    let mut client = stranger();
    client.knobs(&json!({"assumed_lockout_status": 429, "assumed_lockout_retry_after": true,
        "assumed_codes": {"locked": "User.TooMany"}}));
    let answer = (0..3).map(|_| client.sign_in("demo", "wrong")).last().unwrap();
    assert_eq!((answer.status, answer.header("Retry-After")), (429, Some("60")));
    assert_eq!(answer.to_json()["Code"], "User.TooMany");
}

#[test]
fn the_second_factor_gives_the_two_documented_cookies() {
    let mut client = stranger();
    let first = client.sign_in(TWO_FACTOR, DEFAULT_PASSWORD);
    assert_eq!((first.status, first.to_json()), (200, json!({"requires_2fa": true})));
    assert!(first.set_cookies().is_empty(), "no session yet");
    let code = totp_code(DEFAULT_TOTP_SECRET, client.now).unwrap();
    let answer =
        client.post("/api/verify-2fa", &json!({"username": TWO_FACTOR, "totp_code": code}));
    assert_eq!((answer.status, answer.to_json()), (200, json!({"login": true})));
    let names: Vec<String> = answer.set_cookies().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["access_token_cookie", "csrf_access_token"]);
    assert_eq!(client.get("/api/templates").status, 200);
}

#[test]
fn a_bad_late_or_unasked_code_is_401() {
    let refused = json!({"Message": "Invalid or expired TOTP code.", "Code": "2FA.InvalidCode"});
    let code_at = |ms| totp_code(DEFAULT_TOTP_SECRET, ms).unwrap();
    // (password step first, the moment of verify, the code)
    let cases = [
        (true, START, "000000".to_owned()),
        (true, START, code_at(START - 90_000)),
        (false, START, code_at(START)),
        (true, START + 300_000, code_at(START + 300_000)),
    ];
    for (password_first, now, code) in cases {
        let mut client = stranger();
        if password_first {
            client.sign_in(TWO_FACTOR, DEFAULT_PASSWORD);
        }
        client.now = now;
        let answer =
            client.post("/api/verify-2fa", &json!({"username": TWO_FACTOR, "totp_code": code}));
        assert_eq!((answer.status, answer.to_json()), (401, refused.clone()), "{code}");
    }
}

#[test]
fn second_factor_knobs() {
    let verify = |client: &mut crate::client::Client| {
        client.sign_in(TWO_FACTOR, DEFAULT_PASSWORD);
        let code = totp_code(DEFAULT_TOTP_SECRET, client.now).unwrap();
        client.post("/api/verify-2fa", &json!({"username": TWO_FACTOR, "totp_code": code}))
    };
    let mut client = stranger();
    client.knobs(&json!({"assumed_two_factor_sets_refresh": true}));
    assert_eq!(verify(&mut client).set_cookies().len(), 4);
    assert_eq!(verify(&mut client).status, 200, "a code may be used again by default");
    client.knobs(&json!({"assumed_totp_single_use": true}));
    client.now += 30_000;
    assert_eq!([verify(&mut client).status, verify(&mut client).status], [200, 401]);
}

#[test]
fn wrong_codes_count_towards_the_lockout() {
    let mut client = stranger();
    client.sign_in(TWO_FACTOR, DEFAULT_PASSWORD);
    let body = json!({"username": TWO_FACTOR, "totp_code": "000000"});
    let last = (0..3).map(|_| client.post("/api/verify-2fa", &body)).last().unwrap();
    assert_eq!(last.to_json()["Code"], "User.Locked");
    assert_eq!(client.sign_in(TWO_FACTOR, DEFAULT_PASSWORD).status, 401);
}

#[test]
fn the_first_sign_in_gives_a_token_and_no_session() {
    let mut client = stranger();
    let answer = client.sign_in("first", DEFAULT_PASSWORD);
    assert_eq!(answer.to_json()["first_signin"], true);
    assert!(answer.set_cookies().is_empty());
    let token = answer.to_json()["session_token"].clone();
    let body = json!({"session_token": token, "password": "new-password"});
    assert_eq!(client.post("/api/first-signin", &body).status, 200);
    assert_eq!(client.post("/api/first-signin", &body).status, 401, "the token is good once");
    assert_eq!(client.sign_in("first", "new-password").to_json(), json!({"login": true}));
}

#[test]
fn a_second_factor_is_set_up_and_taken_away() {
    let mut client = signed_in();
    let made = client.post("/api/setup-2fa/generate", &json!({})).to_json();
    let secret = made["secret"].as_str().unwrap();
    assert!(made["qr_code"].is_string());
    let wrong = client.post("/api/setup-2fa/activate", &json!({"totp_code": "000000"}));
    assert_eq!(wrong.status, 400);
    assert_eq!(
        wrong.to_json(),
        json!({"Message": "Invalid TOTP code.", "Code": "2FA.InvalidCode"})
    );
    let code = totp_code(secret, client.now).unwrap();
    let done = client.post("/api/setup-2fa/activate", &json!({"totp_code": code}));
    assert_eq!(done.to_json(), json!({"message": "Two-factor authentication enabled."}));
    assert_eq!(client.sign_in("demo", DEFAULT_PASSWORD).to_json(), json!({"requires_2fa": true}));
    assert_eq!(client.post("/api/user/1/reset-2fa", &json!({})).status, 200);
    client.cookies.clear();
    assert_eq!(client.sign_in("demo", DEFAULT_PASSWORD).to_json(), json!({"login": true}));
    client.sign_in("viewer", DEFAULT_PASSWORD);
    assert_eq!(client.post("/api/user/1/reset-2fa", &json!({})).status, 403, "administrators only");
}
