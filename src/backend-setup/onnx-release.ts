import type { PinnedPackage } from './npm.js';

/** A wheel with CUDA libraries. */
interface CudaWheel {
  /** Requirement for pip: the package of the wheel, with its exact version. */
  readonly requirement: string;
  /**
   * Libraries to load before the CUDA provider, as paths in the wheel. Each of them loads the other libraries of its
   * folder.
   */
  readonly libraries: readonly string[];
}

/** A release of onnxruntime with CUDA. All versions are exact, and every archive has a hash. */
export interface OnnxRelease {
  readonly version: string;
  /** Major version of CUDA, and the oldest major version of NVIDIA's driver that can run this CUDA. */
  readonly cuda: number;
  readonly driver: number;
  /** npm packages of the same release of onnxruntime: the binding for Node, and the JavaScript that it requires. */
  readonly binding: PinnedPackage;
  readonly common: PinnedPackage;
  /** The wheels of the CUDA libraries. Each wheel comes after the wheels whose libraries it needs. */
  readonly wheels: readonly CudaWheel[];
}

/**
 * The release that `backend install --onnx --gpu` installs. It is the newest release for CUDA 12 that both PyPI and npm
 * have. CUDA 12 runs on drivers from 525 on. Newer releases of onnxruntime need CUDA 13 and a driver from 580 on. The
 * CUDA libraries are those of CUDA 12.8, with which this release was built. cuDNN is the version 9 that was published
 * at about the same time as this release.
 */
export const onnxRelease: OnnxRelease = {
  version: '1.23.2',
  cuda: 12,
  driver: 525,
  binding: {
    spec: 'onnxruntime-node@1.23.2',
    sha256: 'fe70e8de46560c57c2dfb7170770da32dbb21684504a5c904346c44a56e154f2',
  },
  common: {
    spec: 'onnxruntime-common@1.23.2',
    sha256: '5e8c5c969c1695e33d1810cfa5f593de8343de3eb1b6f561b42dd3dcf048d9be',
  },
  wheels: [
    {
      requirement: 'nvidia-cuda-runtime-cu12==12.8.90',
      libraries: ['nvidia/cuda_runtime/lib/libcudart.so.12'],
    },
    { requirement: 'nvidia-cuda-nvrtc-cu12==12.8.93', libraries: ['nvidia/cuda_nvrtc/lib/libnvrtc.so.12'] },
    { requirement: 'nvidia-nvjitlink-cu12==12.8.93', libraries: ['nvidia/nvjitlink/lib/libnvJitLink.so.12'] },
    {
      requirement: 'nvidia-cublas-cu12==12.8.4.1',
      libraries: ['nvidia/cublas/lib/libcublasLt.so.12', 'nvidia/cublas/lib/libcublas.so.12'],
    },
    { requirement: 'nvidia-cufft-cu12==11.3.3.83', libraries: ['nvidia/cufft/lib/libcufft.so.11'] },
    { requirement: 'nvidia-curand-cu12==10.3.9.90', libraries: ['nvidia/curand/lib/libcurand.so.10'] },
    { requirement: 'nvidia-cudnn-cu12==9.10.2.21', libraries: ['nvidia/cudnn/lib/libcudnn.so.9'] },
  ],
};
