import { z } from 'zod';
import { bagModalities, modalities, tableModalities } from '../../pipeline/core/modality.js';
import { precisions } from '../features/bag-index.js';
import { columnSchema } from './table-data.js';

export const cohortFile = 'cohort.json';
export const flowFile = 'cohort-flow.json';

/** A run of rows in the features of one `embed` artifact. A bag is the concatenation of its segments. */
export const segmentSchema = z.strictObject({
  artifact: z.string(),
  start: z.number().int().min(0),
  rows: z.number().int().positive(),
});
export type Segment = z.infer<typeof segmentSchema>;

export const patientSchema = z.strictObject({
  id: z.string(),
  /** 1 deceased, 0 living: at last information, or at the landmark of `cohort.label: landmark`. */
  y: z.union([z.literal(0), z.literal(1)]),
  followUpDays: z.number().nullable(),
  /** Observed rows only; an absent key is an absent modality. Cells in column order, null is a missing cell. */
  tables: z.partialRecord(z.enum(tableModalities), z.array(z.number().nullable())),
  /** Segments in the order of method.md 2.5 and 2.6; an absent key is an absent modality. */
  bags: z.partialRecord(z.enum(bagModalities), z.array(segmentSchema)),
});
export type Patient = z.infer<typeof patientSchema>;

export const flowStepSchema = z.strictObject({
  step: z.string(),
  patients: z.number().int(),
  deceased: z.number().int(),
});
export type FlowStep = z.infer<typeof flowStepSchema>;

/** What the `cohort` stage writes: the joined patients, sorted by id. Every later stage indexes patients in this order. */
export const cohortSchema = z.strictObject({
  /** Modalities of the experiment, canonical order. */
  modalities: z.array(z.enum(modalities)),
  columns: z.partialRecord(z.enum(tableModalities), z.array(columnSchema)),
  /** Length of one instance per bag modality. */
  widths: z.partialRecord(z.enum(bagModalities), z.number().int().positive()),
  /** How the `embed` artifacts of a bag modality store their instances. */
  precisions: z.partialRecord(z.enum(bagModalities), z.enum(precisions)),
  patients: z.array(patientSchema),
});
export type Cohort = z.infer<typeof cohortSchema>;

/** Whether a patient has a modality. */
export const isObserved = (patient: Patient, modality: (typeof modalities)[number]): boolean =>
  modality === 'WSI' || modality === 'TMA'
    ? patient.bags[modality] !== undefined
    : patient.tables[modality] !== undefined;
