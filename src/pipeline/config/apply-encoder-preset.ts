import { encoderPreset, encoderPresets, type EncoderPresetName } from '../core/encoder-presets.js';
import type { Config } from './schema.js';

/** Keys of an experiment, grouped in sections. */
type Values = Readonly<Record<string, unknown>>;

const isSection = (value: unknown): value is Values =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * A section of an experiment. Keys that the section does not set get the values of the preset. A value that is not a
 * section is returned unchanged; the schema refuses it later.
 */
const filled = (section: unknown, preset: Values): unknown =>
  section === undefined ? preset : isSection(section) ? { ...preset, ...section } : section;

/**
 * The keys that a preset sets in `tile` and `embed.encoder`. Facts that the publication does not state are left to
 * the experiment.
 */
function keysOf(name: EncoderPresetName): { readonly tile: Values; readonly encoder: Values } {
  const { inputSize, tileSize, mpp, mean, std, interpolation } = encoderPreset(name);
  return {
    tile: {
      targetSize: inputSize,
      ...(tileSize === null ? {} : { size: tileSize, step: tileSize }),
      ...(mpp === null ? {} : { mpp }),
    },
    encoder: { mean, std, ...(interpolation === null ? {} : { interpolation }) },
  };
}

/** The preset's keys for `tile`, without the keys that would change the meaning of a key that the experiment sets. */
function tileKeys(keys: Values, tile: unknown): Values {
  if (!isSection(tile)) return keys;
  const left = [
    // If the experiment sets another tile size, it also needs its own stride. The preset's stride would leave gaps
    // between tiles.
    ...(tile['size'] === undefined ? [] : ['step']),
    // `tile.mpp` takes precedence over `tile.level`, so the preset's mpp would override a level that the experiment
    // sets.
    ...(tile['level'] === undefined ? [] : ['mpp']),
  ];
  return Object.fromEntries(Object.entries(keys).filter(([key]) => !left.includes(key)));
}

/**
 * Whether the bags of a modality are made from images: the modality declares images, or the command line names files.
 * Files of the command line replace the declared files.
 */
const isOfImages = (declared: unknown, filesGiven: boolean): boolean =>
  isSection(declared) &&
  declared['kind'] === 'bag' &&
  (filesGiven || typeof declared['slides'] === 'string' || typeof declared['images'] === 'string');

/**
 * The preset that an encoder section names. Null if the section names no preset, or an unknown one, which the schema
 * refuses later.
 */
function presetOf(encoder: unknown): EncoderPresetName | null {
  const name = isSection(encoder) ? encoder['preset'] : undefined;
  return typeof name === 'string' && Object.hasOwn(encoderPresets, name) ? (name as EncoderPresetName) : null;
}

/**
 * An experiment with the values of `embed.encoder.preset`, and of the presets of modalities with an encoder of their
 * own, for every key that is not set yet.
 *
 * @param filesGiven - the command line names the files, so that any bag modality may be made from images
 */
export function withEncoderPreset(values: Values, filesGiven: boolean): Values {
  const { embed, data } = values;
  const encoder = isSection(embed) ? embed['encoder'] : undefined;
  const preset = presetOf(encoder);
  const keys = preset === null ? null : keysOf(preset);
  const result =
    keys === null || !isSection(embed)
      ? values
      : {
          ...values,
          tile: filled(values['tile'], tileKeys(keys.tile, values['tile'])),
          embed: { ...embed, encoder: filled(encoder, keys.encoder) },
        };
  if (!isSection(data) || !isSection(data['modalities'])) return result;
  // The modalities keep their order, because it is the order of their slots.
  const modalities = Object.entries(data['modalities']).map(([id, declared]) => [
    id,
    isSection(declared) && declared['encoder'] !== undefined
      ? withOwnPreset(declared)
      : preset !== null && isOfImages(declared, filesGiven)
        ? filled(declared, { width: encoderPreset(preset).width })
        : declared,
  ]);
  return { ...result, data: { ...data, modalities: Object.fromEntries(modalities) as Values } };
}

/**
 * A modality with the values of the preset of its own encoder. The preset does not change the section `tile` of the
 * experiment.
 */
function withOwnPreset(declared: Values): Values {
  const preset = presetOf(declared['encoder']);
  if (preset === null) return declared;
  const { encoder } = keysOf(preset);
  const { inputSize, width } = encoderPreset(preset);
  return {
    width,
    ...declared,
    encoder: filled(declared['encoder'], { targetSize: inputSize, ...encoder }),
  };
}

/** One warning for each key for which the experiment and the preset have different values. */
export function encoderPresetWarnings(config: Config, filesGiven: boolean): readonly string[] {
  const { preset } = config.embed.encoder;
  const own = config.modalities.flatMap((id) => ownPresetWarnings(config, id));
  if (preset === null) return own;
  const images = config.modalities.flatMap((id) => {
    const declared = config.data.modalities[id];
    return declared?.kind === 'bag' && declared.encoder === undefined && isOfImages(declared, filesGiven)
      ? [{ id, width: declared.width }]
      : [];
  });
  if (images.length === 0)
    return [`embed.encoder.preset (${preset}) changes nothing: no modality is made of images.`];
  const { tile, encoder } = keysOf(preset);
  const compared: Compared = [
    // `step` is not compared: an overlap of tiles is the user's choice and does not depend on the model.
    ...Object.entries(tile)
      .filter(([key]) => key !== 'step')
      .map(([key, theirs]) => [`tile.${key}`, (config.tile as Values)[key], theirs] as const),
    ...Object.entries(encoder).map(
      ([key, theirs]) => [`embed.encoder.${key}`, (config.embed.encoder as Values)[key], theirs] as const,
    ),
    ...images.map(
      ({ id, width }) => [`data.modalities.${id}.width`, width, encoderPreset(preset).width] as const,
    ),
  ];
  return [...own, ...differences(config, preset, compared)];
}

/** A key of the experiment, its value, and the value of a preset. */
type Compared = readonly (readonly [key: string, ours: unknown, theirs: unknown])[];

const differences = ({ tile }: Config, preset: EncoderPresetName, compared: Compared): readonly string[] =>
  compared.flatMap(([key, ours, theirs]) => {
    const [set, said] = [JSON.stringify(ours), JSON.stringify(theirs)];
    if (set === said) return [];
    const level = key === 'tile.mpp' && ours === null ? ` (tiles of tile.level ${tile.level})` : '';
    return [
      `${key}: the experiment sets ${set}${level}, and this value is used. The preset ${preset} says ${said}.`,
    ];
  });

/**
 * The warnings about the encoder that one modality has of its own. The preset of this encoder does not set keys of
 * `tile`, because other modalities may share the tiles.
 */
function ownPresetWarnings(config: Config, id: string): readonly string[] {
  const declared = config.data.modalities[id];
  const encoder = declared?.kind === 'bag' ? declared.encoder : undefined;
  if (declared?.kind !== 'bag' || !encoder?.preset) return [];
  const { preset } = encoder;
  const section = `data.modalities.${id}`;
  const { tile, encoder: theirs } = keysOf(preset);
  const { targetSize, ...tiles } = tile;
  // `step` is not compared: an overlap of tiles is the user's choice and does not depend on the model.
  const shared = Object.entries(tiles).filter(([key]) => key !== 'step');
  return differences(config, preset, [
    ...shared.map(([key, said]) => [`tile.${key}`, (config.tile as Values)[key], said] as const),
    ...Object.entries({ targetSize, ...theirs }).map(
      ([key, said]) => [`${section}.encoder.${key}`, (encoder as Values)[key], said] as const,
    ),
    [`${section}.width`, declared.width, encoderPreset(preset).width],
  ]);
}
