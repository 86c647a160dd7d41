// Keeps the page's own files, so that the page opens without a network. The build writes `VERSION` and `FILES`. Any change of a file makes a
// new version. It is fetched as a whole beside the old one and waits until the person takes it.
const VERSION = '@VERSION@';
const FILES = ['@FILES@'];
const NAME = `samefit ${VERSION}`;

self.addEventListener('install', (event) => {
  const fresh = FILES.map((file) => new Request(file, { cache: 'reload' }));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(fresh)));
});

self.addEventListener('activate', (event) => {
  const old = (names) => names.filter((name) => name.startsWith('samefit ') && name !== NAME);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))));
});

self.addEventListener('message', ({ data }) => {
  if (data === 'take-over') self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return;
  const answer = caches.open(NAME).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(answer.then((kept) => kept ?? fetch(event.request)));
});
