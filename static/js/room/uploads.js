// Files on their way: allowed by the server, sent to the store, and announced; with their progress, and again where they fail.
import { room } from './page.js';
import { ask, insist, send } from './transfer.js';
import { lineFor, remove, show } from './upload-lines.js';

const AT_ONCE = 2;

const waiting = [];
let underWay = 0;

export function upload(files, to) {
  let before;
  for (const file of files) {
    const job = { file, to, line: lineFor(file), before };
    job.settled = new Promise((settle) => (job.settle = settle));
    before = job.settled;
    enqueue(job);
  }
}

function enqueue(job) {
  job.stopped = new AbortController();
  show(job, { value: 0 });
  job.line.querySelector('[data-cancel]').onclick = () => cancel(job);
  job.line.querySelector('[data-again]').onclick = () => enqueue(job);
  waiting.push(job);
  next();
}

function next() {
  if (underWay >= AT_ONCE || !waiting.length) return;
  const job = waiting.shift();
  underWay += 1;
  run(job)
    .then(() => remove(job))
    .catch((problem) => show(job, { problem: problem.message }))
    .finally(() => {
      job.settle();
      underWay -= 1;
      next();
    });
}

async function run(job) {
  const { file, to, line, before } = job;
  const { signal } = job.stopped;
  if (!job.arrived) {
    const body = new URLSearchParams({ name: file.name, size: file.size });
    const begun = await (await ask(to, { method: 'POST', body, signal })).json();
    await send(file, begun, signal, (part) => (line.querySelector('progress').value = part));
    job.arrived = begun.arrived;
  }
  line.querySelector('progress').removeAttribute('value'); // looked at, and made anew where it is a picture
  await before; // they stand beside the task in the order in which they were chosen
  // Where only the answer is lost, the file is there: announced again it stays one. What is refused begins anew.
  await insist(job.arrived, { method: 'POST', signal }).catch((problem) => {
    if (problem.status < 500) delete job.arrived;
    throw problem;
  });
}

// What is on its way is lost with the page: the browser asks first.
addEventListener('beforeunload', (event) => {
  if (underWay && !('over' in room.dataset)) event.preventDefault();
});

function cancel(job) {
  job.stopped.abort();
  job.settle();
  if (waiting.includes(job)) waiting.splice(waiting.indexOf(job), 1);
  remove(job);
}
