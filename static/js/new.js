// A form sent twice makes one session anyway; a button pressed twice should not even ask.
import './theme.js';

const form = document.querySelector('[data-once]');

form.addEventListener('submit', ({ target }) => {
  const button = target.querySelector('button:not([type])');
  setTimeout(() => (button.disabled = true));
});
// Back from the session: the page comes from the cache with its button as it was left.
addEventListener('pageshow', () => document.querySelector('[data-once] button:disabled')?.removeAttribute('disabled'));

// Back from a payment for this very session: it starts as soon as what was paid for is here.
const start = () => document.querySelector('[data-start]') && form.requestSubmit();
start();
document.addEventListener('htmx:after:settle', start);
