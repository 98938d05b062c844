import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import { Streams } from '../../src/pipeline/core/streams.js';

const draws = (stream: ReturnType<typeof rng>): unknown[] => [
  stream.uint32(),
  stream.normal(),
  stream.int(10),
  stream.shuffle([1, 2, 3, 4, 5]),
  stream.uniform(),
];
const streamsOf = (seed: number): Streams => new Streams((purpose) => rng(seed, purpose));

describe('a stream', () => {
  it('goes on from where it stood, through JSON', () => {
    const stream = rng(1, 'a');
    draws(stream);
    const state = JSON.parse(JSON.stringify(stream.state())) as ReturnType<typeof stream.state>;
    const wanted = draws(stream);
    const other = rng(2, 'b');
    other.restore(state);
    expect(draws(other)).toEqual(wanted);
    expect(other.state()).toEqual(stream.state());
  });

  it('gives many draws at once as it gives them one by one', () => {
    const [one, many] = [rng(3, 'bits'), rng(3, 'bits')];
    const bits = new Uint32Array(1001);
    many.fill(bits);
    expect([...bits]).toEqual(Array.from(bits, () => one.uint32()));
    expect(many.state()).toEqual(one.state());
  });
});

describe('the streams of a job', () => {
  it('are those of their purposes, and each is asked for once', () => {
    const streams = streamsOf(1);
    expect(draws(streams.of('a'))).toEqual(draws(rng(1, 'a')));
    expect(() => streams.of('a')).toThrow(/asks twice .* "a"/);
  });

  it('go on from where they stood, whether asked for before or after', () => {
    const first = streamsOf(1);
    const [a, b] = [first.of('a'), first.of('b')];
    draws(a);
    draws(b);
    draws(b);
    const states = first.states();
    const wanted = [draws(a), draws(b)];

    const second = streamsOf(1);
    const before = second.of('a');
    second.restore(states);
    // A stream that is not requested again after a restore keeps its state.
    expect(second.states()).toEqual(states);
    expect([draws(before), draws(second.of('b'))]).toEqual(wanted);
    expect(() => second.of('b')).toThrow(/twice/);
  });
});
