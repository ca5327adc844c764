/** Streams of elements over connections of our own, from workers on the reader's host. */

import { isUnixAddress, type OpenStream, type StreamRequest, type StreamResponse } from "../rpc/mod.ts";
import { HttpBody } from "./http_body.ts";
import { WIDER_HEADER } from "./serve_near.ts";

/** Reads a worker through a way of its own; null: this program may not, or wishes to use `fetch`. */
export function ownStreams(): OpenStream | undefined {
  return isPermitted() && wish() !== "fetch" ? openOwnStream : undefined;
}

/**
 * Reads workers on this host: through their unix sockets, and at loopback addresses. The bytes are those that `fetch`
 * would get; less is done with each of them. Other addresses are left to others.
 */
export async function openOwnStream(
  address: string,
  request: StreamRequest,
): Promise<StreamResponse | null> {
  if (isUnixAddress(address)) return await openNear(address.slice("unix:".length), request);
  const connection = await connectLoopback(address);
  return connection && await send(connection, request);
}

/** Through a unix socket to the port that it leads to; where that does not answer, as in another container, no further. */
async function openNear(path: string, request: StreamRequest): Promise<StreamResponse> {
  const connect = () => Deno.connect({ transport: "unix", path });
  const { location, ...near } = await send(await connect(), {
    ...request,
    headers: { ...request.headers, [WIDER_HEADER]: "1" },
  });
  if (location === null) return near;
  await near.body.cancel();
  const wide = await follow(location, request);
  return wide ?? await send(await connect(), request);
}

async function follow(location: string, request: StreamRequest): Promise<StreamResponse | null> {
  try {
    const { host, pathname } = new URL(location);
    const connection = await connectLoopback(host);
    const response = connection && await send(connection, { ...request, path: pathname });
    if (response?.status === 200) return response;
    await response?.body.cancel();
  } catch {
    request.signal.throwIfAborted();
  }
  return null;
}

/** Null for other addresses; and where nobody listens, as the name may have another address where somebody does. */
async function connectLoopback(address: string): Promise<Deno.TcpConn | null> {
  const loopback = /^(?:http:\/\/)?(?:localhost|127\.0\.0\.1):(\d{1,5})$/.exec(address);
  if (!loopback) return null;
  try {
    return await Deno.connect({ hostname: "127.0.0.1", port: Number(loopback[1]) });
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return null;
    throw error;
  }
}

/** Whether sockets and loopback addresses can be opened without a question to the person at the terminal. */
function isPermitted(): boolean {
  if (Deno.build.os === "windows") return false;
  return (["read", "write", "net"] as const).every((name) => isGranted({ name }));
}

/** What the environment asks for: "fetch" is for comparisons. */
function wish(): string | undefined {
  const variable = "SLUICE_TRANSPORT";
  return isGranted({ name: "env", variable }) ? Deno.env.get(variable) : undefined;
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

async function send(
  connection: Deno.Conn,
  request: StreamRequest,
): Promise<StreamResponse & { location: string | null }> {
  const body = new HttpBody(connection);
  // Before the first wait: a worker that hangs must not hold a reader that leaves.
  const onAbort = () => void body.cancel();
  request.signal.addEventListener("abort", onAbort, { once: true });
  try {
    request.signal.throwIfAborted();
    await writeAll(connection, requestBytes(request));
    const { status, contentType, location } = await body.readHead();
    return { status, contentType, location, body };
  } catch (error) {
    await body.cancel();
    throw error;
  } finally {
    request.signal.removeEventListener("abort", onAbort);
  }
}

function requestBytes({ path, headers, body }: StreamRequest): Uint8Array {
  const lines = [`POST ${path} HTTP/1.1`, "host: localhost", "connection: close"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  lines.push(`content-length: ${body.byteLength}`, "", "");
  const head = new TextEncoder().encode(lines.join("\r\n"));
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}
