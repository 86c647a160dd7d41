// Serves a folder on loopback with the headers of `samefit serve`, or bare as a static host would, so that the page can be tested without
// building the program. Files can be replaced by others, to see what the page says of them. What was asked for is kept.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

/** What each kind of file is, by its ending; the empty one stands for none. */
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

/** A proxy that lets nothing through, and keeps what it was asked for: what a browser wants of anyone but the servers it may ask. */
export async function trap() {
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
