// Starts the page, or says why it cannot.
const say = (text) => {
  const main = document.getElementById('main');
  main.textContent = text;
  main.setAttribute('role', 'alert');
};
const words = {
  en: ['This browser cannot run WebAssembly, which the calculation needs. Nothing was calculated. Please use a current Chrome, Edge, Firefox or Safari, or ask whether WebAssembly was switched off.', 'The page could not be loaded completely. Nothing was calculated. Please load it again.'],
  de: ['Dieser Browser kann kein WebAssembly ausführen, das für die Berechnung nötig ist. Es wurde nichts berechnet. Bitte einen aktuellen Chrome, Edge, Firefox oder Safari verwenden oder nachfragen, ob WebAssembly abgeschaltet ist.', 'Die Seite konnte nicht vollständig geladen werden. Es wurde nichts berechnet. Bitte neu laden.'],
  fr: ['Ce navigateur ne peut pas exécuter WebAssembly, nécessaire au calcul. Rien n’a été calculé. Veuillez utiliser une version récente de Chrome, Edge, Firefox ou Safari, ou demander si WebAssembly a été désactivé.', 'La page n’a pas pu être chargée entièrement. Rien n’a été calculé. Veuillez la recharger.'],
}[navigator.language.slice(0, 2)] ?? undefined;
const [noWasm, incomplete] = words ?? ['This browser cannot run WebAssembly, which the calculation needs. Nothing was calculated. Please use a current Chrome, Edge, Firefox or Safari, or ask whether WebAssembly was switched off.', 'The page could not be loaded completely. Nothing was calculated. Please load it again.'];

if (typeof WebAssembly !== 'object') say(noWasm);
else
  import('./page.js')
    .then((page) => page.default({ module_or_path: 'page_bg.wasm' }))
    .catch((error) => {
      say(incomplete);
      throw error;
    });
