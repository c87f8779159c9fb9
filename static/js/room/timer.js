// The countdown: a moment that everybody's table carries, drawn by each browser's own clock, set by the server's.
import { onChange, room, serverNow, table } from './page.js';

const box = document.getElementById('timer');
const text = box.querySelector('[role="timer"]');
const ring = box.querySelector('circle:last-of-type');

const shown = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

function draw() {
  const { timerEnds, timerLeft, timerLength } = table().dataset;
  const state = timerEnds ? 'running' : timerLeft ? 'paused' : 'idle';
  room.dataset.timer = state;
  box.hidden = state === 'idle';
  if (box.hidden) return;
  const left = timerEnds ? Math.max(0, Math.ceil((Number(timerEnds) - serverNow()) / 1_000)) : Number(timerLeft);
  text.textContent = left === 0 ? 'Time is up' : shown(left);
  ring.setAttribute('stroke-dasharray', `${(100 * left) / Number(timerLength)} 100`);
  box.dataset.state = left === 0 ? 'over' : state;
}

onChange('vote-table', ({ dataset }) => {
  document.querySelector('[data-timer-starts]').textContent = shown(Number(dataset.timerLength));
  draw();
});
setInterval(draw, 250);
