/** Cross-origin requests: pages of other origins may call a server only where its operator lets them. */

import { cors } from "@connectrpc/connect";
import { VERSION_HEADER } from "./version.ts";

const ALLOWED_METHODS = cors.allowedMethods.join(", ");
const ALLOWED_HEADERS = [...cors.allowedHeaders, VERSION_HEADER].join(", ");
const EXPOSED_HEADERS = cors.exposedHeaders.join(", ");

/**
 * Lets pages of `origins` ("https://app.example"; "*": of any) call what `handle` answers. Browsers keep the pages
 * of all other origins from it: a server on the loopback interface is in reach of every page its user opens.
 */
export function allowOrigins(
  origins: readonly string[],
  handle: (request: Request) => Response | Promise<Response>,
): (request: Request) => Response | Promise<Response> {
  if (origins.length === 0) return handle;
  return async (request) => {
    const origin = request.headers.get("origin");
    const allowed = origin !== null && (origins.includes(origin) || origins.includes("*"));
    if (!allowed) return await handle(request);
    const isPreflight = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
    const response = isPreflight ? preflight() : await handle(request);
    response.headers.set("access-control-allow-origin", origin);
    response.headers.set("access-control-expose-headers", EXPOSED_HEADERS);
    response.headers.append("vary", "Origin");
    return response;
  };
}

/** Says what a page may send; browsers remember it for two hours. */
function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": ALLOWED_METHODS,
      "access-control-allow-headers": ALLOWED_HEADERS,
      "access-control-max-age": "7200",
    },
  });
}
