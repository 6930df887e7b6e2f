// The real server as a process that can be stopped and started again, and what it says of itself.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

export class Server {
  constructor(python, studies, data) {
    this.command = [python, ['-m', 'radloop', 'serve', '--studies', studies, '--data', data]];
  }

  async start() {
    this.port ??= await freePort();
    this.address = `http://127.0.0.1:${this.port}`;
    this.log = '';
    const [program, options] = this.command;
    this.process = spawn(program, [...options, '--port', String(this.port)], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const out of [this.process.stdout, this.process.stderr]) out.on('data', text => (this.log += text));
    const until = Date.now() + 120_000;
    for (;;) {
      const ready = await fetch(`${this.address}/readyz`).then(answer => answer.ok, () => false);
      if (ready) return;
      if (Date.now() > until || this.process.exitCode !== null) throw new Error(`no server: ${this.log}`);
      await new Promise(later => setTimeout(later, 200));
    }
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    const gone = new Promise(resolve => this.process.once('exit', resolve));
    this.process.kill('SIGINT');
    await gone;
  }

  async ask(path, options) {
    const answer = await fetch(this.address + path, options);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise(listening => probe.once('listening', listening));
  const { port } = probe.address();
  await new Promise(closed => probe.close(closed));
  return port;
}
