// Before the page's own scripts: an engine that says what the test lets it say, a network that answers when the test
// lets it, short waits made shorter, and a reveal's transition without its pictures.
(() => {
  const SHORT = 2_000;
  const FASTER = 50;
  const IDS = ['vote-table', 'task', 'backlog'];
  const real = {
    fetch,
    setTimeout: setTimeout.bind(window),
    clearTimeout: clearTimeout.bind(window),
    random: Math.random,
  };
  const sleep = (ms) => new Promise((done) => real.setTimeout(done, ms));
  // A turn of the event loop: a wait of nothing would be one of four milliseconds.
  const turn = () =>
    new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        done();
      };
      port2.postMessage('');
    });

  // --- the engine

  class Channel {
    #all = [];
    #named = {};
    bind_global(hear) {
      this.#all.push(hear);
    }
    bind(name, hear) {
      this.#named[name] ??= [];
      this.#named[name].push(hear);
    }
    say(name, data) {
      for (const hear of [...this.#all, ...(this.#named[name] ?? [])])
        hear(...(this.#all.includes(hear) ? [name, data] : [data]));
    }
  }
  let state;
  window.Pusher = class {
    connection = { state: 'connected', socket_id: '9.9', bind() {} };
    signin() {}
    disconnect() {}
    connect() {}
    #channels = [];
    allChannels() {
      return this.#channels;
    }
    subscribe(name) {
      const channel = new Channel();
      channel.pusher = this;
      this.#channels.push(channel);
      if (name.startsWith('private-')) state = channel;
      return channel;
    }
  };
  const catchUp = () => state.say('pusher:subscription_succeeded', {});
  const comeBack = () => document.dispatchEvent(new Event('visibilitychange'));

  // --- the network

  let held = []; // questions on their way
  let answerOf; // what the server would say now
  window.fetch = (address, more) => {
    if (answerOf === undefined) return real.fetch.call(window, address, more);
    const id = String(address).split('/').pop().split('?')[0];
    return new Promise((resolve, reject) => held.push({ id, early: answerOf(id), resolve, reject }));
  };
  const settle = (question, how) => {
    held = held.filter((other) => other !== question);
    if (how === 'lost') return question.reject(new TypeError('Failed to fetch'));
    if (how === 'refused') return question.resolve(new Response('', { status: 503 }));
    question.resolve(new Response(how === 'late' ? question.early : answerOf(question.id), { status: 200 }));
  };

  // --- waits

  const waiting = new Set();
  window.setTimeout = (act, ms = 0, ...more) => {
    if (ms > SHORT) return real.setTimeout(act, ms, ...more);
    const late = () => {
      waiting.delete(id);
      act(...more);
    };
    const id = real.setTimeout(late, ms / FASTER);
    waiting.add(id);
    return id;
  };
  window.clearTimeout = (id) => {
    waiting.delete(id);
    real.clearTimeout(id);
  };
  let moving = 0;
  document.startViewTransition = (change) => {
    const finished = (async () => {
      moving += 1;
      await sleep(Math.random() * 4);
      try {
        await change();
        await sleep(Math.random() * 4);
      } finally {
        moving -= 1;
      }
    })();
    return { finished, ready: finished, updateCallbackDone: finished, skipTransition() {} };
  };

  // --- what is watched

  const troubles = [];
  addEventListener('unhandledrejection', ({ reason }) => troubles.push(`rejected: ${reason?.stack ?? reason}`));
  addEventListener('error', ({ message }) => troubles.push(`error: ${message}`));
  const find = (id) => document.getElementById(id);
  const version = (id) => Number(find(id)?.dataset.version);
  let shown = {};
  let story;

  function look(records) {
    for (const { type, target, oldValue } of records) {
      if (type === 'attributes' && IDS.includes(target.id)) step(target.id, Number(oldValue));
    }
    for (const id of IDS) step(id, version(id));
    const { round, phase } = find('vote-table').dataset;
    const then = story.find((each) => each.version === version('vote-table'));
    if (then?.round !== round || then?.phase !== phase)
      troubles.push(`mixed: ${version('vote-table')} with ${round} ${phase}`);
  }
  function step(id, now) {
    if (!(now >= shown[id])) troubles.push(`${id} went from ${shown[id]} to ${now}`);
    shown[id] = now;
  }
  const observer = new MutationObserver(look);

  // What only this viewer sees is set apart, since the page marks it after the fragment has come, and so is the order
  // of attributes, which a morph does not keep, and the space between elements, which rows that are put in do not have.
  const OWN = ['data-me', 'data-htmx-powered'];
  function plain(element) {
    const copy = element.cloneNode(true);
    const mine = copy.querySelector(`#seat-${find('room').dataset.me}`);
    mine?.querySelector('.seat__state')?.replaceChildren();
    const name = mine?.querySelector('.lay__name');
    if (name) name.textContent = name.textContent.replace(/ \(you\)$/, '');
    for (const each of [copy, ...copy.querySelectorAll('*')]) {
      const attributes = [...each.attributes].map(({ name, value }) => [name, value]).sort();
      for (const [name] of attributes) each.removeAttribute(name);
      for (const [name, value] of attributes) if (!OWN.includes(name)) each.setAttribute(name, value);
    }
    return copy.outerHTML.replaceAll(/>\s+</g, '><');
  }
  function fresh(html) {
    const template = document.createElement('template');
    template.innerHTML = html;
    return template.content.firstElementChild;
  }
  function compare(last) {
    for (const id of IDS) {
      const [ours, theirs] = [plain(find(id)), plain(fresh(last.answers[id]))];
      const at = [...ours].findIndex((character, place) => character !== theirs[place]);
      if (ours === theirs) continue;
      const around = (html) => html.slice(Math.max(0, at - 150), at + 150);
      troubles.push(`${id} differs at the end: …${around(ours)}… instead of …${around(theirs)}…`);
    }
    const [mine, wanted] = [find('actions'), fresh(last.answers.actions)];
    for (const name of ['round', 'facilitates', 'votes']) {
      if (mine.dataset[name] !== wanted.dataset[name])
        troubles.push(`actions' ${name} is ${mine.dataset[name]} at the end`);
    }
    if (wanted.hasAttribute('data-facilitates') && mine.dataset.phase !== wanted.dataset.phase) {
      troubles.push(`actions' phase is ${mine.dataset.phase} at the end`);
    }
    for (const field of mine.querySelectorAll('[data-current-round]')) {
      if (field.value !== wanted.dataset.round) troubles.push('a form at the end is for another round');
    }
  }

  // --- one schedule

  function seeded(seed) {
    let a = seed >>> 0;
    return () => {
      a = (a + 0x6d2b79f5) | 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }
  const quiet = () => held.length === 0 && waiting.size === 0 && moving === 0;
  async function calm() {
    for (let still = 0, tries = 0; still < 3; tries += 1) {
      if (tries > 5_000)
        return void troubles.push(`never calm: ${held.length} asked, ${waiting.size} waits, ${moving} moves`);
      while (held.length) settle(held[0], 'now');
      await sleep(1);
      still = quiet() ? still + 1 : 0;
    }
  }
  function begin() {
    const first = story[0];
    for (const [id, html] of Object.entries(first.answers)) {
      find(id).replaceWith(fresh(html));
      htmx.process(find(id));
    }
    shown = Object.fromEntries(IDS.map((id) => [id, version(id)]));
  }

  window.playSchedule = async (told, seed) => {
    story = told;
    const chance = seeded(seed);
    const pick = (list) => list[Math.floor(chance() * list.length)];
    const patience = chance(); // some networks are slow, some lose much
    const losses = chance() * 0.6;
    troubles.length = 0;
    let now = 0;
    answerOf = (id) => story[now].answers[id];
    Math.random = chance;
    begin();
    observer.observe(document.body, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ['data-version'],
      attributeOldValue: true,
    });
    let post = [];
    while (now < story.length - 1 || post.length) {
      const roll = chance();
      if (roll < 0.35 && now < story.length - 1) {
        now += 1;
        for (const event of story[now].events) {
          if (chance() < losses) continue;
          post.push(event);
          if (chance() < 0.25) post.push(event);
        }
      } else if (roll < 0.65 && post.length) {
        const event = chance() < 0.6 ? post[0] : pick(post);
        post = post.filter((other) => other !== event || (chance() < 0.1 && other === event));
        state.say(event.event, structuredClone(event.data));
      } else if (roll < 0.72) {
        pick([catchUp, comeBack])();
      } else if (roll < 0.72 + 0.25 * patience && held.length) {
        settle(pick(held), chance() < losses ? pick(['lost', 'refused']) : pick(['late', 'late', 'now']));
      } else {
        await (chance() < 0.2 ? sleep(chance() * 4) : turn());
      }
      if (now === story.length - 1 && chance() < 0.05) post = [];
    }
    // The last refresh may be asked for while an older question is still on its way.
    catchUp();
    while (held.length && chance() < 0.7) settle(held[0], 'late');
    await calm();
    look(observer.takeRecords());
    observer.disconnect();
    compare(story.at(-1));
    Math.random = real.random;
    return [...troubles];
  };

  // From the first state to the present one, over the real network.
  window.askTheServer = async (told) => {
    story = told;
    troubles.length = 0;
    begin();
    answerOf = undefined;
    catchUp();
    for (let tries = 0; tries < 1_000; tries += 1) {
      await sleep(10);
      troubles.length = 0;
      compare(story.at(-1));
      if (troubles.length === 0) break;
    }
    return [...troubles];
  };
  answerOf = () => '';
})();
