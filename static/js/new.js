// A form sent twice makes one session anyway; a button pressed twice should not even ask.
import './theme.js';

const form = document.querySelector('[data-once]');

form.addEventListener('submit', ({ target }) => {
  const button = target.querySelector('button:not([type])');
  setTimeout(() => (button.disabled = true));
});
// Back from the session: the page comes from the cache with its button as it was left.
addEventListener('pageshow', () => document.querySelector('[data-once] button:disabled')?.removeAttribute('disabled'));

// A list that was too long for the cookie comes back from where the browser kept it whole.
const tasks = document.getElementById('tasks');
form.addEventListener('submit', () => sessionStorage.setItem('tasks', tasks.value));
if ('cut' in tasks.dataset && sessionStorage.getItem('tasks')?.startsWith(tasks.value.slice(0, 100))) {
  tasks.value = sessionStorage.getItem('tasks');
  document.querySelector('[data-cut-hint]').remove();
}

// Back from a payment for this very session: it starts as soon as what was paid for is here.
const start = () => document.querySelector('[data-start]') && form.requestSubmit();
start();
document.addEventListener('htmx:after:settle', start);
