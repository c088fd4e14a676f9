//! Who exists on this Knosc: tenants and their users.
//! Says nothing of behaviour, which is `knobs`; never prints a password or a TOTP secret.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::Knobs;

/// The tenant that answers when the host names none.
pub const DEFAULT_TENANT: &str = "acme";
/// The user that every default tenant has.
pub const DEFAULT_USER: &str = "demo@acme.test";
/// That user's password: local by name, so that nobody mistakes it for a real one.
pub const DEFAULT_PASSWORD: &str = "local-demo-password";
/// The TOTP secret (base32) of the default user with two factors.
pub const DEFAULT_TOTP_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// Everything that a model starts from.
#[derive(Debug, Clone)]
pub struct Config {
    /// Makes tokens and job ids: the same seed and requests give the same answers.
    pub seed: u64,
    /// The tenants; a request for another one is answered 404.
    pub tenants: Vec<TenantConfig>,
    /// The tenant of `127.0.0.1` and bare `localhost`.
    pub default_tenant: String,
    /// How it behaves, where the documentation leaves that open.
    pub knobs: Knobs,
}

impl Default for Config {
    /// Two tenants: `acme` with one user of each kind, and `birch` with one user, to prove that they are apart.
    fn default() -> Self {
        let acme = TenantConfig {
            name: DEFAULT_TENANT.into(),
            users: vec![
                UserConfig {
                    administrator: true,
                    ..UserConfig::new(DEFAULT_USER, DEFAULT_PASSWORD)
                },
                UserConfig {
                    totp_secret: Some(DEFAULT_TOTP_SECRET.into()),
                    ..UserConfig::new("two-factor@acme.test", DEFAULT_PASSWORD)
                },
                UserConfig {
                    first_signin: true,
                    ..UserConfig::new("first@acme.test", DEFAULT_PASSWORD)
                },
                UserConfig {
                    privileges: Some(BTreeSet::from(["Item Master / View".to_owned()])),
                    ..UserConfig::new("viewer@acme.test", DEFAULT_PASSWORD)
                },
                UserConfig {
                    kind: UserKind::Service,
                    ..UserConfig::new("service@acme.test", DEFAULT_PASSWORD)
                },
            ],
        };
        let birch = TenantConfig {
            name: "birch".into(),
            users: vec![UserConfig::new("demo@birch.test", DEFAULT_PASSWORD)],
        };
        Self {
            seed: 1,
            tenants: vec![acme, birch],
            default_tenant: DEFAULT_TENANT.into(),
            knobs: Knobs::default(),
        }
    }
}

/// One company: its own users, data, jobs and worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantConfig {
    /// The subdomain, `acme` in `acme.localhost`.
    pub name: String,
    /// The users; the names before `@` also sign in.
    pub users: Vec<UserConfig>,
}

/// A user of a tenant.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserConfig {
    /// The e-mail address; its part before `@` is the user name, and both sign in.
    pub email: String,
    /// The password, in the clear: nothing here guards anything.
    pub password: String,
    /// A base32 TOTP secret turns on the second factor.
    #[serde(default)]
    pub totp_secret: Option<String>,
    /// The first sign-in is still to come, and gives no session.
    #[serde(default)]
    pub first_signin: bool,
    /// A person or a service.
    #[serde(default)]
    pub kind: UserKind,
    /// May reset another user's second factor.
    #[serde(default)]
    pub administrator: bool,
    /// Privileges in the documented form `Area / View` or `Area / Edit`; `None` for all of them.
    #[serde(default)]
    pub privileges: Option<BTreeSet<String>>,
}

/// The kinds of user that the documentation names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserKind {
    /// A person.
    #[default]
    Person,
    /// An account for a program; it signs in the same way, since no other way is documented.
    Service,
}

impl UserConfig {
    /// Makes a user with all privileges and one factor.
    pub fn new(email: &str, password: &str) -> Self {
        Self {
            email: email.into(),
            password: password.into(),
            totp_secret: None,
            first_signin: false,
            kind: UserKind::Person,
            administrator: false,
            privileges: None,
        }
    }

    /// Says whether this user signs in under that name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.email == name || self.email.split('@').next() == Some(name)
    }

    /// Says whether this user holds a privilege.
    pub(crate) fn may(&self, privilege: &str) -> bool {
        self.privileges.as_ref().is_none_or(|held| held.contains(privilege))
    }
}

/// Leaves out the password and the TOTP secret.
impl fmt::Debug for UserConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserConfig")
            .field("email", &self.email)
            .field("two_factor", &self.totp_secret.is_some())
            .field("first_signin", &self.first_signin)
            .field("kind", &self.kind)
            .field("privileges", &self.privileges)
            .finish_non_exhaustive()
    }
}
