import { chromium } from 'playwright-core';
import { serve } from './server.mjs';
const s = await serve('/work/wt/page/target/web');
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const p = await (await b.newContext({locale:'en'})).newPage();
p.on('console', (m) => console.log('console', m.text())); p.on('pageerror', (e) => console.log('error', e)); 
p.on('requestfailed', (r) => console.log('failed', r.url(), r.failure()));
const t0=Date.now();
await p.goto(s.address); try { await p.waitForSelector('h1',{timeout:5000}); } catch (e) { console.log(e.message.slice(0,80)); }
console.log(Date.now()-t0,'ms');
console.log((await p.innerText('body')).slice(0, 1500));
await p.screenshot({ path: '/tmp/look.png' });
await b.close(); await s.stop();
