/** The backends that `--backend auto` tries, best first. */
export const automaticBackends = ['tensorflow', 'onnx', 'wasm', 'cpu'] as const;

/** The backends that a training job can run on. `webgpu` is used only if it is requested. */
export const backendNames = [...automaticBackends, 'webgpu'] as const;

/** The values of `--backend`. */
export const backendPreferences = ['auto', ...backendNames] as const;

export type BackendName = (typeof backendNames)[number];
export type BackendPreference = (typeof backendPreferences)[number];
