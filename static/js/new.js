// A form sent twice makes one session anyway; a button pressed twice should not even ask.
import './theme.js';

document.querySelector('[data-once]').addEventListener('submit', ({ target }) => {
  const button = target.querySelector('button:not([type])');
  setTimeout(() => (button.disabled = true));
});
// Back from the session: the page comes from the cache with its button as it was left.
addEventListener('pageshow', () => document.querySelector('[data-once] button:disabled')?.removeAttribute('disabled'));
