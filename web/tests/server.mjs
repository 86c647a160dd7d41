// Serves a folder on loopback with the headers of `samefit serve`, so that the page can be tested without building the program. Files can be
// replaced by others, to see what the page says of them.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};

export async function serve(folder) {
  const policy = (await readFile(new URL('../policy.txt', import.meta.url), 'utf8')).split(/\s+/).join(' ').trim();
  const replaced = new Map();
  const server = createServer(async (request, answer) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname).replace(/\/$/, '/index.html').slice(1);
    try {
      const bytes = replaced.get(path) ?? (await readFile(join(folder, path)));
      answer.writeHead(200, {
        'content-type': TYPES[extname(path)] ?? 'text/plain',
        'content-security-policy': `${policy}; frame-ancestors 'none'`,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
      });
      answer.end(bytes);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${server.address().port}/`;
  return { address, replaced, stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) };
}
