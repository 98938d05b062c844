import { foreign } from './foreign.js';

/**
 * The names that a pickle may use, each with its meaning here. A pickle that uses another name is refused, and nothing of it is
 * executed. If the value is a function, it is called with the arguments that the pickle passes. Any other value is a constant that a
 * pickle cannot call.
 */
export type PickleNames = ReadonlyMap<string, unknown>;

export type PickleFunction = (args: readonly unknown[]) => unknown;

const fix =
  'Do not load it with Python unless you trust where it comes from. Save plain tensors: torch.save(features.cpu().contiguous(), path).';
const damaged = (what: string, cause?: unknown): Error =>
  foreign(`its pickle ${what}`, 'Copy or download it again, or write it again with torch.save.', null, cause);
/** Names come from the file, so they are shown shortened and with unprintable characters escaped. */
const quoted = (name: string): string => JSON.stringify(name.slice(0, 100));
const mark = Symbol('mark');
/** Maximum length of a number in bytes. Building a number takes time quadratic in its length. */
const longestNumber = 1024;

/**
 * The stack machine of a pickle (Python's pickletools), reduced to the instructions that pickles of numbers, texts,
 * lists and dictionaries use.
 */
class Pickle {
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    private readonly names: PickleNames,
    private readonly persistent: PickleFunction,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  pop(): unknown {
    if (this.stack.length === 0) throw damaged('takes more than it has');
    return this.stack.pop();
  }

  top(): unknown {
    return this.stack.at(-1);
  }

  /** Removes and returns everything above the last mark, and removes the mark. */
  popMarked(): unknown[] {
    const from = this.stack.lastIndexOf(mark);
    if (from < 0) throw damaged('has no mark where one is needed');
    return this.stack.splice(from).slice(1);
  }

  take(count: number): Uint8Array {
    if (count < 0 || this.at + count > this.bytes.length) throw damaged('is cut off');
    const taken = this.bytes.subarray(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  unsigned(bytes: 1 | 2 | 4 | 8): number {
    const at = this.at;
    this.take(bytes);
    if (bytes === 1) return this.view.getUint8(at);
    if (bytes === 2) return this.view.getUint16(at, true);
    return bytes === 4 ? this.view.getUint32(at, true) : Number(this.view.getBigUint64(at, true));
  }

  signed(): number {
    this.take(4);
    return this.view.getInt32(this.at - 4, true);
  }

  double(): number {
    this.take(8);
    return this.view.getFloat64(this.at - 8);
  }

  /** A little-endian two's complement number of `count` bytes. */
  long(count: number): number | bigint {
    if (count > longestNumber) throw damaged(`has a number of ${count} bytes`);
    const bytes = this.take(count);
    let value = 0n;
    for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    const signed = BigInt.asIntN(8 * count, value);
    return signed >= Number.MIN_SAFE_INTEGER && signed <= Number.MAX_SAFE_INTEGER ? Number(signed) : signed;
  }

  text(count: number): string {
    return new TextDecoder().decode(this.take(count));
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw damaged('is cut off');
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  remember(key = this.memo.size): void {
    this.memo.set(key, this.top());
  }

  recall(key: number): void {
    if (!this.memo.has(key)) throw damaged('recalls what it never had');
    this.push(this.memo.get(key));
  }

  name(module: unknown, name: unknown): void {
    // The types are tested before anything is converted to text, because the text of nested lists could be larger than
    // memory.
    if (typeof module !== 'string' || typeof name !== 'string')
      throw damaged('has a name that is not a text');
    const full = `${module}.${name}`;
    if (!this.names.has(full))
      throw foreign(`its pickle wants to call ${quoted(full)}, which is refused: nothing in it was run`, fix);
    this.push(this.names.get(full));
  }

  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (typeof callee !== 'function' || !Array.isArray(args)) throw damaged('calls what cannot be called');
    this.push((callee as PickleFunction)(args));
  }

  persist(): void {
    this.push(this.persistent([this.pop()]));
  }

  setItems(items: readonly unknown[]): void {
    const target = this.top();
    if (!(target instanceof Map) || items.length % 2 !== 0)
      throw damaged('puts items into something that is not a dictionary');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }

  append(items: readonly unknown[]): void {
    const target = this.top();
    if (!Array.isArray(target)) throw damaged('appends to something that is not a list');
    for (const item of items) target.push(item);
  }

  /**
   * The instruction that sets the state of an object, such as the `_metadata` of an OrderedDict. This reader drops the
   * state.
   */
  build(): void {
    this.pop();
    if (!(this.top() instanceof Map)) throw damaged('sets the state of an object');
  }

  tuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop()).reverse();
    this.push(items);
  }
}

const opcodes: ReadonlyMap<string, (pickle: Pickle) => void> = new Map<string, (pickle: Pickle) => void>([
  ['\x80', (p) => void p.take(1)], // PROTO
  ['\x95', (p) => void p.take(8)], // FRAME
  ['(', (p) => p.push(mark)],
  ['0', (p) => void p.pop()],
  ['1', (p) => void p.popMarked()],
  ['2', (p) => p.push(p.top())],
  ['N', (p) => p.push(null)],
  ['\x88', (p) => p.push(true)],
  ['\x89', (p) => p.push(false)],
  ['J', (p) => p.push(p.signed())],
  ['K', (p) => p.push(p.unsigned(1))],
  ['M', (p) => p.push(p.unsigned(2))],
  ['\x8a', (p) => p.push(p.long(p.unsigned(1)))],
  ['\x8b', (p) => p.push(p.long(p.unsigned(4)))],
  ['G', (p) => p.push(p.double())],
  ['X', (p) => p.push(p.text(p.unsigned(4)))],
  ['\x8c', (p) => p.push(p.text(p.unsigned(1)))],
  ['\x8d', (p) => p.push(p.text(p.unsigned(8)))],
  ['U', (p) => p.push(p.text(p.unsigned(1)))],
  ['T', (p) => p.push(p.text(p.unsigned(4)))],
  ['C', (p) => p.push(p.take(p.unsigned(1)))],
  ['B', (p) => p.push(p.take(p.unsigned(4)))],
  ['\x8e', (p) => p.push(p.take(p.unsigned(8)))],
  [')', (p) => p.push([])],
  ['\x85', (p) => p.tuple(1)],
  ['\x86', (p) => p.tuple(2)],
  ['\x87', (p) => p.tuple(3)],
  ['t', (p) => p.push(p.popMarked())],
  [']', (p) => p.push([])],
  ['l', (p) => p.push(p.popMarked())],
  ['a', (p) => p.append([p.pop()])],
  ['e', (p) => p.append(p.popMarked())],
  ['}', (p) => p.push(new Map())],
  ['s', (p) => p.setItems([p.pop(), p.pop()].reverse())],
  ['u', (p) => p.setItems(p.popMarked())],
  ['q', (p) => p.remember(p.unsigned(1))],
  ['r', (p) => p.remember(p.unsigned(4))],
  ['\x94', (p) => p.remember()],
  ['h', (p) => p.recall(p.unsigned(1))],
  ['j', (p) => p.recall(p.unsigned(4))],
  ['c', (p) => p.name(p.line(), p.line())],
  [
    '\x93',
    (p) => {
      const name = p.pop();
      p.name(p.pop(), name);
    },
  ],
  ['R', (p) => p.call()],
  ['Q', (p) => p.persist()],
  ['b', (p) => p.build()],
]);
const stop = '.';

/**
 * Reads one pickle and never runs anything in it. It builds numbers, texts, lists (also from tuples) and dictionaries
 * (Map), and calls only the given functions.
 *
 * @param from position in `bytes`
 * @param persistent receives a persistent id and returns its object
 * @returns the object and the position of the end of the pickle
 * @throws HafError `HAF_FEATURES_INVALID` if the pickle is damaged or uses a name that is not in the given names
 */
export function readPickle(
  bytes: Uint8Array,
  from: number,
  names: PickleNames,
  persistent: PickleFunction,
): { readonly value: unknown; readonly end: number } {
  const pickle = new Pickle(bytes, from, names, persistent);
  for (;;) {
    const code = String.fromCharCode(pickle.unsigned(1));
    if (code === stop) return { value: pickle.pop(), end: pickle.at };
    const run = opcodes.get(code);
    if (!run) throw damaged(`has the instruction ${quoted(code)}, which data does not need`);
    run(pickle);
  }
}
