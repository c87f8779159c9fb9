// pusher-js in Node, driven by JSON lines on standard input and output.
import { createInterface } from 'node:readline';
import Pusher from 'pusher-js';
import { player } from './player.mjs';

const play = player(Pusher, (heard) => console.log(JSON.stringify(heard)));
createInterface({ input: process.stdin })
  .on('line', (line) => play(JSON.parse(line)))
  .on('close', () => process.exit());
