//! Sign-ins, cookies and cookie files: what is taken, what is refused, and what is never shown.

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::protocol::authenticate::SignIn;
use knosc_bulk_import::protocol::cookies::{from_cookies_txt, is_sound, session_headers};
use knosc_bulk_import::protocol::{Method, authenticate, token_refresh, verify_2fa};
use knosc_bulk_import::session::{RefreshPair, Session};

use super::samples::session;
use super::{answer, fixture};

const ACCESS: &str = "access_token_cookie=a; HttpOnly; Path=/";
const CSRF: &str = "csrf_access_token=c; Path=/";
const LOGIN: &str = r#"{"login": true}"#;

fn set(cookies: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    cookies.iter().map(|cookie| ("set-cookie", *cookie)).collect()
}

#[test]
fn how_far_a_sign_in_came() {
    let check = |cookies: &[&'static str], body: &str, expected: SignIn| {
        assert_eq!(authenticate::read(&answer(200, &set(cookies), body)), Ok(expected), "{body}");
    };
    let plain = Session { access_token: "a".into(), csrf_token: "c".into(), refresh: None };
    check(&[ACCESS, CSRF], LOGIN, SignIn::SignedIn(plain.clone()));
    // Half a refresh pair is none.
    check(&[ACCESS, CSRF, "csrf_refresh_token=x"], LOGIN, SignIn::SignedIn(plain.clone()));
    // The last of two counts, and names are exact.
    check(
        &["access_token_cookie=old", ACCESS, CSRF, "Access_token_cookie=x"],
        LOGIN,
        SignIn::SignedIn(plain),
    );
    check(&[], r#"{"requires_2fa": true}"#, SignIn::OneTimeCodeRequired(None));
    check(
        &["session=1; Path=/", "x=2", "session=3", "gone=; Max-Age=0", "bad=a b"],
        r#"{"requires_2fa": true}"#,
        SignIn::OneTimeCodeRequired(Some("x=2; session=3".into())),
    );
    check(
        &[ACCESS, CSRF],
        r#"{"first_signin": true, "session_token": "t"}"#,
        SignIn::FirstSignInRequired,
    );
}

#[test]
fn cookies_that_a_host_folded_into_one_header_are_taken_apart() {
    let pair = Some(RefreshPair { token: "r".into(), csrf_token: "s".into() });
    let whole = Session { access_token: "a".into(), csrf_token: "c".into(), refresh: pair };
    let check = |header: &'static str, expected: &Session| {
        let found = authenticate::read(&answer(200, &set(&[header]), LOGIN));
        assert_eq!(found, Ok(SignIn::SignedIn(expected.clone())), "{header}");
    };
    let cookies = "access_token_cookie=a; Path=/; SameSite=Lax,csrf_access_token=c; Path=/,refresh_token_cookie=r,csrf_refresh_token=s";
    check(cookies, &whole);
    let dated = "access_token_cookie=a; Expires=Thu, 01 Jan 2099 00:00:00 GMT; HttpOnly, csrf_access_token=c; Expires=Thu, 01 Jan 2099 00:00:00 GMT";
    check(dated, &Session { refresh: None, ..whole.clone() });
    // The comma of a value that no name follows is the value's own.
    let comma = "access_token_cookie=a,b; Path=/,csrf_access_token=c";
    check(comma, &Session { access_token: "a,b".into(), refresh: None, ..whole });
}

#[test]
fn a_success_without_a_session_is_none() {
    let check = |cookies: &[&'static str], body: &str, expected: &str| {
        let answer = answer(200, &set(cookies), body);
        for fault in
            [authenticate::read(&answer).unwrap_err(), verify_2fa::read(&answer).unwrap_err()]
        {
            assert!(matches!(fault, Fault::PermanentRejected(_)), "{fault:?}");
            assert_eq!(fault.message(), expected, "{body}");
        }
    };
    let no_cookie = "signed in, but no session cookie";
    check(&[], LOGIN, no_cookie);
    check(&[ACCESS], LOGIN, no_cookie);
    check(&[CSRF], LOGIN, no_cookie);
    check(&[ACCESS, "csrf_access_token="], LOGIN, no_cookie);
    let undocumented = "the answer to the sign-in is not the documented JSON";
    check(&[ACCESS, CSRF], "", undocumented);
    check(&[ACCESS, CSRF], "<html>", undocumented);
    check(&[ACCESS, CSRF], r#"{"login": false}"#, undocumented);
    check(&[ACCESS, CSRF], r#"{"login": "true"}"#, undocumented);
}

#[test]
fn values_that_would_add_to_a_header_are_refused() {
    let long = "x".repeat(8 * 1024 + 1);
    for value in ["a\r\nx: y", "a\nb", "a b", "a\tb", "a\0", "a\u{7f}", "é", "", long.as_str()] {
        let header = format!("access_token_cookie={value}");
        let answer = answer(200, &[("set-cookie", &header), ("set-cookie", CSRF)], LOGIN);
        assert!(authenticate::read(&answer).is_err(), "{value:?}");
        assert!(!is_sound(&Session { access_token: value.into(), ..session(false) }), "{value:?}");
        assert!(!is_sound(&Session { csrf_token: value.into(), ..session(true) }), "{value:?}");
    }
    assert!(!is_sound(&Session { access_token: "a;b=c".into(), ..session(false) }));
    assert!(is_sound(&session(true)));
    let longest = Session { access_token: "x".repeat(8 * 1024), ..session(false) };
    assert!(is_sound(&longest));
}

#[test]
fn a_renewal_keeps_the_refresh_pair_unless_there_is_a_new_one() {
    let check = |cookies: &[&'static str], expected: Option<&str>| {
        let renewed = token_refresh::read(&answer(200, &set(cookies), ""), &session(true));
        let token = renewed.ok().map(|renewed| {
            assert_eq!((renewed.access_token.as_str(), renewed.csrf_token.as_str()), ("a", "c"));
            renewed.refresh.unwrap().token
        });
        assert_eq!(token.as_deref(), expected, "{cookies:?}");
    };
    check(&[ACCESS, CSRF], Some("<refresh-jwt>"));
    check(&[ACCESS, CSRF, "refresh_token_cookie=r"], Some("<refresh-jwt>"));
    check(&[ACCESS, CSRF, "refresh_token_cookie=r", "csrf_refresh_token=s"], Some("r"));
    check(&[ACCESS], None);
    check(&[], None);
}

#[test]
fn sessions_as_headers() {
    let cookie =
        ("cookie", "access_token_cookie=<access-jwt>; csrf_access_token=<access-csrf>".to_owned());
    let csrf = ("x-xsrf-token", "<access-csrf>".to_owned());
    assert_eq!(session_headers(&session(true), Method::Get), std::slice::from_ref(&cookie));
    assert_eq!(session_headers(&session(true), Method::Post), [cookie, csrf]);
}

#[test]
fn the_second_step_carries_the_cookies_of_the_first() {
    let request = verify_2fa::request("a\"b", "000001", Some("session=3"));
    assert_eq!(request.headers[1], ("cookie", "session=3".to_owned()));
    assert_eq!(request.body, br#"{"username":"a\"b","totp_code":"000001"}"#);
}

#[test]
fn cookie_files() {
    let file = fixture("cookies.txt");
    let check = |text: &str, host: &str, expected: Option<Session>| {
        assert_eq!(from_cookies_txt(text, host), expected, "{host}");
    };
    check(&file, "acme.knosc.com", Some(session(true)));
    check(&file, "ACME.knosc.com", Some(session(true)));
    check(&file.replace('\n', "\r\n"), "acme.knosc.com", Some(session(true)));
    check(&file, "birch.knosc.com", None);
    check(&file, "evilacme.knosc.com", None);
    check(&file, "x.acme.knosc.com", None);
    check("", "acme.knosc.com", None);
    // Subdomains only where the file says so, and only below a dot.
    let wide = file.replace("acme.knosc.com\tFALSE", ".knosc.com\tTRUE");
    check(&wide, "acme.knosc.com", Some(session(true)));
    check(&wide, "acmeknosc.com", None);
    // The refresh cookies belong to their path; elsewhere they are no pair.
    let elsewhere = file.replace("/api/token-refresh", "/other");
    check(&elsewhere, "acme.knosc.com", Some(session(false)));
    check(&file.replace("\t/\t", "/api2"), "acme.knosc.com", None);
    check(&file.replace("\t/\t", "\t/api\t"), "acme.knosc.com", Some(session(true)));
    check(&file.replace("\t/\t", "\t/ap\t"), "acme.knosc.com", None);
    // A comment is none, a cut line is none, the newest of two counts.
    check(&file.replace("#HttpOnly_", "# "), "acme.knosc.com", None);
    check(&file.replace("\t<access-csrf>", ""), "acme.knosc.com", None);
    let older = file.replace("<access-csrf>", "old");
    check(&format!("{older}{file}"), "acme.knosc.com", Some(session(true)));
    check(&file.replace("acme.knosc.com", "[::1]"), "[::1]", Some(session(true)));
    check(&file.replace("acme.knosc.com", "127.0.0.1"), "127.0.0.1", Some(session(true)));
}

#[test]
fn nothing_secret_is_shown() {
    let shown = [
        format!("{:?}", authenticate::request("demo", "secret")),
        format!("{:?}", token_refresh::request(&session(true).refresh.unwrap())),
        format!("{:?}", answer(200, &[("set-cookie", "access_token_cookie=secret")], "secret")),
        format!("{:?}", SignIn::SignedIn(session(true))),
        format!("{:?}", SignIn::OneTimeCodeRequired(Some("secret".into()))),
    ];
    for text in shown {
        assert!(!text.contains("secret") && !text.contains("jwt"), "{text}");
    }
}
