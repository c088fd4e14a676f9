// The one origin that the component may reach; without this module jco's own client connects anywhere.
import { outgoingHandler } from "@bytecodealliance/preview2-shim/http";

const { protocol, host } = new URL(process.env.ALLOWED_ORIGIN);

export function handle(request, options) {
  const scheme = request.scheme()?.tag === "HTTP" ? "http:" : "https:";
  if (scheme !== protocol || request.authority() !== host) throw { tag: "HTTP-request-denied" };
  return outgoingHandler.handle(request, options);
}
