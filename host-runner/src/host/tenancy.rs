//! The import `tenancy`: where the component may send, and a session that is none of its business.
//!
//! Hands out no secret.

use crate::bindings::knosc::bulk_import::tenancy::Host;
use crate::host::HostedCtxView;
use crate::progress::{Progress, tell};

impl Host for HostedCtxView<'_> {
    async fn origin(&mut self) -> wasmtime::Result<String> {
        Ok(self.ctx.hooks.tenant.origin().to_string())
    }

    async fn renew_session(&mut self) -> wasmtime::Result<bool> {
        let renewed = self.ctx.hooks.renew().await;
        if renewed {
            tell(self.ctx.progress.as_ref(), Progress::SessionRenewed);
        }
        Ok(renewed)
    }
}
