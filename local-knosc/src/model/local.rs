//! The paths below `/_local/`: what a test may see and turn, over HTTP and without a session. None of it is Knosc's.
//! Only loopback reaches them, and they show no secret.

use serde_json::{Map, Value, json};

use super::{IntegrationLock, Model};
use crate::{Faults, Knobs, Request, Response};

impl Model {
    pub(super) fn answer_local(&mut self, tenant: &str, request: &Request, now: u64) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/_local/uploads") => Response::json(
                200,
                &json!({
                    "uploads": self.uploads(),
                    "upload_posts": self.upload_posts(),
                    "sign_in_attempts": self.sign_in_attempts(),
                    "refreshes": self.refreshes(),
                }),
            ),
            ("GET", "/_local/requests") => {
                Response::json(200, &json!({"requests": self.requests().collect::<Vec<_>>()}))
            }
            ("GET", "/_local/jobs") => {
                Response::json(200, &json!({"jobs": self.jobs(tenant, now)}))
            }
            ("GET", "/_local/knobs") => {
                let faults = self.faults_mut(tenant).cloned();
                Response::json(200, &json!({"knobs": self.knobs(), "faults": faults}))
            }
            ("POST", "/_local/knobs") => match self.turn(tenant, &request.body, now) {
                Ok(()) => Response::json(200, &json!({"knobs": self.knobs()})),
                Err(problem) => Response::json(400, &json!({"problem": problem})),
            },
            _ => Response::json(404, &json!({"problem": "no such path below /_local/"})),
        }
    }

    /// Turns knobs as `POST /_local/knobs` does: the whole object is good, or nothing of it is done.
    pub fn turn(&mut self, tenant: &str, body: &[u8], now_ms: u64) -> Result<(), String> {
        let mut object: Map<String, Value> =
            serde_json::from_slice(body).map_err(|e| e.to_string())?;
        let lock =
            object.remove("integration_lock").map(|value| lock(&value, now_ms)).transpose()?;
        let faults = object.remove("faults").map(serde_json::from_value::<Faults>).transpose();
        let faults = faults.map_err(|e| e.to_string())?;
        let expire = match object.remove("expire_sessions") {
            None | Some(Value::Bool(false)) => None,
            Some(Value::Bool(true)) => Some(false),
            Some(Value::String(word)) if word == "all" => Some(true),
            Some(_) => return Err("expire_sessions: true, false or \"all\"".into()),
        };
        let user = object.remove("touch_user");
        let Ok(Value::Object(mut merged)) = serde_json::to_value(self.knobs()) else {
            return Err("the knobs cannot be written as JSON".into());
        };
        for (key, value) in object {
            match (merged.get_mut(&key), value) {
                (Some(Value::Object(inner)), Value::Object(new)) => inner.extend(new),
                (_, value) => _ = merged.insert(key, value),
            }
        }
        let knobs: Knobs =
            serde_json::from_value(Value::Object(merged)).map_err(|e| e.to_string())?;
        if let Some(user) = &user
            && !self.touch_user(tenant, user.as_str().unwrap_or_default())
        {
            return Err("touch_user: no such user".into());
        }
        // What is due until now is due under the old knobs.
        self.advance(tenant, now_ms);
        self.knobs = knobs;
        if let Some(lock) = lock {
            self.set_integration_lock(tenant, lock, now_ms);
        }
        if let (Some(faults), Some(place)) = (faults, self.faults_mut(tenant)) {
            *place = faults;
        }
        if let Some(refresh_too) = expire {
            self.expire_sessions(tenant, refresh_too);
        }
        Ok(())
    }
}

/// Reads `true`, `false`, `{"ms": n}` or `{"polls": n}`.
fn lock(value: &Value, now: u64) -> Result<IntegrationLock, String> {
    let number = |key| value.get(key).and_then(Value::as_u64);
    match (value, number("ms"), number("polls")) {
        (Value::Bool(true), ..) => Ok(IntegrationLock::Held),
        (Value::Bool(false), ..) => Ok(IntegrationLock::Free),
        (_, Some(ms), None) => Ok(IntegrationLock::Until(now.saturating_add(ms))),
        (_, None, Some(polls)) => Ok(IntegrationLock::Polls(polls)),
        _ => Err("integration_lock: true, false, {\"ms\": n} or {\"polls\": n}".into()),
    }
}
