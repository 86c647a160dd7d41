// Browsers for the tests, and a server on loopback that sends files with a strict policy.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import puppeteer from 'puppeteer-core';

const BROWSERS = {
  chromium: { browser: 'chrome', executablePath: process.env.SAMEFIT_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  firefox: { browser: 'firefox', protocol: 'webDriverBiDi', executablePath: process.env.SAMEFIT_FIREFOX ?? '/usr/bin/firefox-esr' },
};
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
/** No `unsafe-eval`: WebAssembly alone may be compiled. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

export const launch = (name) => puppeteer.launch({ headless: true, ...BROWSERS[name] });

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Serves a folder, a URL. `answers`: functions of a request's body by path, instead of files. */
export async function serve(folder, answers = {}) {
  const server = createServer(async (request, answer) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    try {
      const own = answers[pathname];
      const bytes = own ? await own(await bodyOf(request)) : await readFile(new URL(`.${pathname}`, folder));
      answer.writeHead(200, { 'content-type': TYPES[extname(pathname)] ?? 'text/plain', 'content-security-policy': POLICY });
      answer.end(bytes);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const stop = () => new Promise((done) => (server.closeAllConnections(), server.close(done)));
  return { address: `http://127.0.0.1:${server.address().port}/`, stop };
}
