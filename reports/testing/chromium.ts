import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

export const CHROMIUM_NEEDED = 'needs Chromium: apt-get install -y --no-install-recommends chromium';

/** Whether there is a browser. */
export function hasChromium(): boolean {
  try {
    execFileSync('chromium', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

type Fields = Readonly<Record<string, unknown>>;
interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Fields;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
}

/** A headless browser with one page, driven by the DevTools protocol over a pair of pipes: JSON, each message ended by a NUL. */
export class Chromium {
  /** What the console, or the browser itself, had to say of the page. */
  readonly complaints: string[] = [];
  /** All that was asked for, by URL. */
  readonly requests: string[] = [];
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #listeners = new Map<string, () => void>();
  #session: string | null = null;
  #lastId = 0;
  #rest = '';

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
    (child.stdio[3] as Writable).on('error', () => undefined); // the end of the process says it
    child.on('close', () => {
      for (const done of this.#waiting.values()) done({ error: { message: 'the browser has ended' } });
    });
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.#take(text));
  }

  static async open(): Promise<Chromium> {
    const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
    const child = spawn('chromium', [...SWITCHES, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const browser = new Chromium(child, profile);
    const { targetId } = await browser.ask('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.ask('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'Accessibility']) await browser.ask(`${domain}.enable`);
    return browser;
  }

  /** One command; throws what the browser refuses. */
  async ask(method: string, params: Fields = {}): Promise<Fields> {
    const id = ++this.#lastId;
    const answer = new Promise<Answer>(done => this.#waiting.set(id, done));
    const session = this.#session === null ? {} : { sessionId: this.#session };
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** Opens a page in a window of `width` CSS pixels, and waits until all of it is there. */
  async visit(url: string, width: number): Promise<void> {
    await this.ask('Emulation.setDeviceMetricsOverride', { width, height: 800, deviceScaleFactor: 1, mobile: false });
    const loaded = new Promise<void>(done => this.#listeners.set('Page.loadEventFired', done));
    await this.ask('Page.navigate', { url });
    await loaded;
  }

  /** The value of an expression in the page; it has to be one that JSON can hold. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.ask('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as Fields)['value'];
  }

  async press(key: 'Tab' | 'Enter'): Promise<void> {
    const code = key === 'Tab' ? 9 : 13;
    const event = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' ? { text: '\r' } : {}) };
    await this.ask('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await this.ask('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  /** The page as PNG, as wide as its window and `height` CSS pixels high, from the top of what the selector finds first. */
  async picture(from: string, height: number): Promise<Uint8Array> {
    const place = `document.querySelector(${JSON.stringify(from)}).getBoundingClientRect().top + window.scrollY`;
    const y = Math.max(0, Math.floor(Number(await this.evaluate(place))) - PICTURE_MARGIN);
    const width = Number(await this.evaluate('document.documentElement.clientWidth'));
    const clip = { x: 0, y, width, height, scale: 1 };
    const { data } = await this.ask('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true, clip });
    return new Uint8Array(Buffer.from(String(data), 'base64'));
  }

  /** What a screen reader is told: `role: name` of each node that it is told of. */
  async spoken(): Promise<string[]> {
    const { nodes } = await this.ask('Accessibility.getFullAXTree');
    type Node = { readonly ignored: boolean; readonly role?: { value: string }; readonly name?: { value: string } };
    return (nodes as Node[])
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => `${role?.value ?? ''}: ${name?.value ?? ''}`);
  }

  async close(): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'close') : null;
    this.#session = null;
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id: ++this.#lastId, method: 'Browser.close' })}\0`);
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  #take(text: string): void {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) this.#hear(JSON.parse(message) as Answer);
  }

  #hear(answer: Answer): void {
    const { id, method, params = {} } = answer;
    if (id !== undefined) {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    } else if (method === 'Network.requestWillBeSent') this.requests.push(String((params['request'] as Fields)['url']));
    else if (method !== undefined && COMPLAINTS.includes(method)) this.complaints.push(JSON.stringify(params));
    else if (method !== undefined) this.#listeners.get(method)?.();
  }
}

/** Above what a picture begins with. */
const PICTURE_MARGIN = 12;

const COMPLAINTS = ['Runtime.exceptionThrown', 'Runtime.consoleAPICalled', 'Log.entryAdded'];

/** It shows pages of our own, as whoever runs the tests: a sandbox needs what root in a container has not. */
const SWITCHES = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--remote-debugging-pipe',
];
