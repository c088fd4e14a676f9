//! The import `tenancy`: where the component may send, and a session that is none of its business.
//!
//! Hands out no secret.

use crate::bindings::knosc::bulk_import::tenancy::Host;
use crate::host::HostState;
use crate::progress::{Progress, tell};

impl Host for HostState {
    async fn origin(&mut self) -> wasmtime::Result<String> {
        Ok(self.tenant.origin().to_string())
    }

    async fn renew_session(&mut self) -> wasmtime::Result<bool> {
        let renewed = self.tenant.sessions().renew(self.hooks.generation()).await;
        if renewed {
            tell(self.progress.as_ref(), Progress::SessionRenewed);
        }
        Ok(renewed)
    }
}
