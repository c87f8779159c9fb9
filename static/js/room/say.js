// What a screen reader hears: everyone has voted, the reveal, a new task, the end. Nothing else.
import { onChange } from './page.js';

const voice = document.getElementById('say');
const said = new Map();

function say(id, sentence, moment) {
  const before = said.get(id);
  said.set(id, moment);
  if (before !== undefined && before !== moment && sentence) voice.textContent = sentence;
}

onChange('vote-table', ({ dataset }) => {
  const loud = dataset.say ? `${dataset.round} ${dataset.phase}` : '';
  say('table', dataset.say, loud);
});
onChange('task', ({ dataset }) => say('task', dataset.say, dataset.task));
