// Serves a folder on loopback with the headers of `samefit serve`, or without headers as a static host would. So the page can be tested without
// building the program. A test can replace files (`replaced`), and look at the requests (`asked`).
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

/** Media types by the ending of a file's name. The empty ending is that of a name without one. */
export const TYPES = {
  '': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

export async function serve(folder, { bare = false } = {}) {
  const policy = (await readFile(new URL('../policy.txt', import.meta.url), 'utf8')).split(/\s+/).join(' ').trim();
  const replaced = new Map();
  const asked = [];
  const server = createServer(async (request, answer) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname).replace(/\/$/, '/index.html').slice(1);
    asked.push({ method: request.method, url: request.url, length: Number(request.headers['content-length'] ?? 0) });
    try {
      const bytes = replaced.get(path) ?? (await readFile(join(folder, path)));
      const type = { 'content-type': TYPES[extname(path)] ?? TYPES[''] };
      const headers = {
        'content-security-policy': `${policy}; frame-ancestors 'none'`,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
      };
      answer.writeHead(200, bare ? type : { ...type, ...headers });
      answer.end(bytes);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${server.address().port}/`;
  return { address, replaced, asked, stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) };
}

/** A proxy that refuses every request, and keeps them: a browser sends it whatever is not for the servers of the test. */
export async function refusingProxy() {
  const asked = [];
  const proxy = createServer((request, answer) => {
    asked.push(request.url);
    answer.writeHead(502).end();
  });
  proxy.on('connect', (request, socket) => {
    asked.push(request.url);
    socket.destroy();
  });
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
  return { address: `127.0.0.1:${proxy.address().port}`, asked, stop: () => new Promise((done) => (proxy.closeAllConnections(), proxy.close(done))) };
}
