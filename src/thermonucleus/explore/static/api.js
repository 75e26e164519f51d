// Questions to the server.

/** What the server refused: a sentence, and the setting that it is about, or null. */
export class Refusal extends Error {
  constructor(message, setting = null) {
    super(message);
    this.setting = setting;
  }
}

async function post(path, body, signal) {
  try {
    return await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("The server does not answer. Is “thermonucleus explore” still running?");
  }
}

async function refused(response) {
  const answer = await response.json().catch(() => ({}));
  return new Refusal(answer.error ?? `The server answered ${response.status}.`, answer.setting ?? null);
}

/** Get what the page is built from. */
export async function about() {
  const response = await fetch("/api/about");
  if (!response.ok) throw await refused(response);
  return response.json();
}

/** Ask, and return the answer; throws a Refusal, or an AbortError. */
export async function ask(path, body, signal) {
  const response = await post(path, body, signal);
  if (!response.ok) throw await refused(response);
  return response.json();
}

/** Ask for an answer that comes line by line, and call a function with each. */
export async function askForLines(path, body, signal, take) {
  const response = await post(path, body, signal);
  if (!response.ok) throw await refused(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines.filter((one) => one !== "")) take(JSON.parse(line));
  }
}

/** The kinds of questions that are waiting or being answered; the page says how many, for whoever waits for it to be ready. */
const asking = new Set();

function tellAsking() {
  document.body.dataset.asking = asking.size;
}

/** A kind of question of which only the newest counts: a new one takes the place of the one that is being answered. */
export class Newest {
  /** `answered` is called with an answer, `refusedWith` with a Refusal. */
  constructor(answered, refusedWith) {
    this.answered = answered;
    this.refusedWith = refusedWith;
    this.controller = new AbortController();
    this.waiting = 0;
  }

  /** Ask after a pause, in place of what is waiting or being answered. `question` takes a signal and returns a promise. */
  ask(question, pause = 0) {
    this.cancel();
    this.begin();
    this.waiting = setTimeout(() => this.run(question), pause);
  }

  cancel() {
    clearTimeout(this.waiting);
    this.controller.abort();
    this.end();
  }

  begin() {
    asking.add(this);
    tellAsking();
  }

  end() {
    asking.delete(this);
    tellAsking();
  }

  async run(question) {
    const controller = new AbortController();
    this.controller = controller;
    try {
      const answer = await question(controller.signal);
      if (!controller.signal.aborted) await this.answered(answer);
    } catch (error) {
      if (controller.signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      this.refusedWith(error);
    } finally {
      if (this.controller === controller && !controller.signal.aborted) this.end();
    }
  }
}

/**
 * The same for a slider that is held: the question that is being answered is let finish, so that the picture moves along, and of
 * those that come meanwhile the newest is asked next.
 */
export class Following extends Newest {
  constructor(answered, refusedWith) {
    super(answered, refusedWith);
    this.next = null;
    this.busy = false;
  }

  ask(question, pause = 0) {
    this.cancel();
    this.next = null;
    this.begin();
    this.waiting = setTimeout(() => this.follow(question), pause);
  }

  /** Ask as soon as what is being answered is answered. */
  async follow(question) {
    clearTimeout(this.waiting);
    this.next = question;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.next) {
        const newest = this.next;
        this.next = null;
        this.begin();
        await this.run(newest);
      }
    } finally {
      this.busy = false;
    }
  }
}
