// Starts the page, or says in the browser's language why it cannot start.
const NO_WASM = {
  en: 'This browser cannot run WebAssembly, which the calculation needs. Nothing was calculated. Please use a current Chrome, Edge, Firefox or Safari, or ask whether WebAssembly was switched off.',
  de: 'Dieser Browser kann kein WebAssembly ausführen, das für die Berechnung nötig ist. Es wurde nichts berechnet. Bitte verwenden Sie einen aktuellen Chrome, Edge, Firefox oder Safari, oder fragen Sie, ob WebAssembly abgeschaltet ist.',
  fr: 'Ce navigateur ne peut pas exécuter WebAssembly, nécessaire au calcul. Rien n’a été calculé. Veuillez utiliser une version récente de Chrome, Edge, Firefox ou Safari, ou demander si WebAssembly a été désactivé.',
};
const INCOMPLETE = {
  en: 'The page could not be loaded completely. Nothing was calculated. Please load it again.',
  de: 'Die Seite konnte nicht vollständig geladen werden. Es wurde nichts berechnet. Bitte laden Sie sie neu.',
  fr: 'La page n’a pas pu être chargée entièrement. Rien n’a été calculé. Veuillez la recharger.',
};

function say(texts) {
  const main = document.getElementById('main');
  main.textContent = texts[navigator.language.slice(0, 2)] ?? texts.en;
  main.setAttribute('role', 'alert');
}

if (typeof WebAssembly !== 'object') say(NO_WASM);
else
  import('./page.js')
    .then((page) => page.default({ module_or_path: 'page_bg.wasm' }))
    .catch((error) => {
      say(INCOMPLETE);
      throw error;
    });
