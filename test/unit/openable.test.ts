import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patientBagsFile } from '../../src/operators/cohort/cohort-data.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bagCoordsFile, bagIndexFile, featuresFiles } from '../../src/operators/features/bag-index.js';
import { newAttentionFile, scoresFile } from '../../src/operators/bundle/predicted-data.js';
import { attentionFile } from '../../src/operators/stage1/encoder-data.js';
import { contoursFile, thumbnailFile, tileSetFile } from '../../src/operators/tiling/tiles-data.js';
import { stages } from '../../src/pipeline/stages.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';
import { openable } from '../../src/workers/openable.js';
import { bytesOf, testManifest } from '../support/manifests.js';

describe('the files a stage opens of its inputs', () => {
  it('are all of them, or those it declares and no other', async () => {
    const store = new FileStore(mkdtempSync(join(tmpdir(), 'haf-openable-')));
    const files = [await store.write('small.json', bytesOf('{}')), await store.write('large', bytesOf('x'))];
    const artifact = store.open(testManifest(files));
    expect(openable(artifact, undefined).bytes('large')).toEqual(Buffer.from('x'));
    const some = openable(artifact, ['small.json']);
    expect(some.json('small.json', z.object({}))).toEqual({});
    expect([some.id, some.unit]).toEqual([artifact.id, artifact.unit]);
    for (const open of [() => some.path('large'), () => some.bytes('large')])
      expect(open).toThrow(/opens large .* stages\.ts does not list/);
    expect(() => some.json('large', z.object({}))).toThrow(/does not list/);
  });

  it('are named as the stages that write them name them', () => {
    expect(stages.bags.opens).toEqual({ embed: [bagIndexFile] });
    expect(stages.cohort.opens).toEqual({ bags: [patientBagsFile] });
    expect(stages.stage1.opens).toEqual({ embed: Object.values(featuresFiles) });
    const { tile, ...others } = stages.heatmap.opens ?? {};
    expect(others).toEqual({
      stage1: [attentionFile],
      predict: [scoresFile, newAttentionFile],
      embed: [bagIndexFile, bagCoordsFile],
    });
    expect(tile?.slice(0, 3)).toEqual([tileSetFile, contoursFile(0), thumbnailFile(0)]);
  });
});
