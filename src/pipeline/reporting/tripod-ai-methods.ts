import * as answer from './answers.js';
import type { GuidelineItem } from './checklist.js';

/** Items 1 to 17 of TRIPOD+AI: title, abstract, introduction and methods (source in tripod-ai.ts). */
export const tripodAiMethods: readonly GuidelineItem[] = [
  {
    ...{
      number: '1',
      section: 'Title',
      asks: 'development or evaluation of a model, target population, outcome',
    },
    ...{ known: answer.inventedAnswer, gap: 'the title' },
  },
  { number: '2', section: 'Abstract', asks: 'the TRIPOD+AI checklist for abstracts', gap: 'the abstract' },
  {
    ...{ number: '3a', section: 'Introduction', asks: 'healthcare context and rationale; existing models' },
    gap: 'context, rationale, references',
  },
  {
    ...{ number: '3b', section: 'Introduction', asks: 'target population, purpose and users of the model' },
    gap: 'population, purpose, users',
  },
  {
    ...{ number: '3c', section: 'Introduction', asks: 'known health inequalities between groups' },
    gap: 'known inequalities',
  },
  {
    ...{ number: '4', section: 'Introduction', asks: 'objectives: development, validation or both' },
    known: () => ['The run develops models and evaluates them by cross-validation.'],
    gap: 'the objectives of the study',
  },
  {
    ...{
      number: '5a',
      section: 'Methods: data',
      asks: 'sources of development and evaluation data, representativeness',
    },
    gap: 'source of the data, rationale, representativeness',
  },
  {
    ...{ number: '5b', section: 'Methods: data', asks: 'dates of accrual and end of follow-up' },
    gap: 'first and last date of accrual, end of follow-up',
  },
  {
    ...{ number: '6a', section: 'Methods: participants', asks: 'setting, number and location of centres' },
    ...{ known: answer.groupAnswer, gap: 'setting and centres' },
  },
  {
    ...{ number: '6b', section: 'Methods: participants', asks: 'eligibility criteria' },
    ...{ known: answer.eligibilityAnswer, gap: 'criteria by which patients entered the data' },
  },
  {
    ...{ number: '6c', section: 'Methods: participants', asks: 'treatments and how they were handled' },
    gap: 'treatments',
  },
  {
    ...{
      number: '7',
      section: 'Methods: data preparation',
      asks: 'preprocessing and quality checks, also across groups',
    },
    known: (record) => [...answer.handlingAnswer(record), 'problems.csv lists what the checks found.'],
    gap: 'quality checks before the run, and whether they were alike in all groups',
  },
  {
    ...{
      number: '8a',
      section: 'Methods: outcome',
      asks: 'definition and horizon, how and when assessed, rationale',
    },
    ...{ known: answer.outcomeAnswer, gap: 'how and when it was assessed, why it was chosen' },
  },
  {
    ...{
      number: '8b',
      section: 'Methods: outcome',
      asks: 'qualification of assessors of a subjective outcome',
    },
    gap: 'assessors, or that the outcome is objective',
  },
  { number: '8c', section: 'Methods: outcome', asks: 'blinding of the assessment', gap: 'blinding' },
  {
    ...{
      number: '9a',
      section: 'Methods: predictors',
      asks: 'choice of initial predictors, pre-selection',
    },
    ...{ known: answer.predictorsAnswer, gap: 'why these predictors' },
  },
  {
    ...{
      number: '9b',
      section: 'Methods: predictors',
      asks: 'definition of predictors, how and when measured, blinding',
    },
    known: () => ['columns.csv lists the columns and categories of the tables.'],
    gap: 'how and when they were measured, blinding',
  },
  {
    ...{
      number: '9c',
      section: 'Methods: predictors',
      asks: 'qualification of assessors of subjective predictors',
    },
    gap: 'assessors, or that the predictors are objective',
  },
  {
    ...{
      number: '10',
      section: 'Methods: sample size',
      asks: 'how the size was arrived at; sample size calculation',
    },
    ...{ known: answer.numbersAnswer, gap: 'how the size was arrived at and why it suffices' },
  },
  {
    ...{
      number: '11',
      section: 'Methods: missing data',
      asks: 'handling of missing data, reasons for leaving data out',
    },
    ...{ known: answer.missingAnswer, gap: 'why cells are missing' },
  },
  {
    ...{ number: '12a', section: 'Methods: analysis', asks: 'use and partition of the data' },
    known: answer.partitionAnswer,
  },
  {
    ...{
      number: '12b',
      section: 'Methods: analysis',
      asks: 'handling of predictors: scaling, transformation',
    },
    known: answer.handlingAnswer,
  },
  {
    ...{
      number: '12c',
      section: 'Methods: analysis',
      asks: 'type of model, building steps, tuning, internal validation',
    },
    ...{
      known: answer.methodAnswer,
      gap: 'rationale of the type of model, and settings tried before this run',
    },
  },
  {
    ...{
      number: '12d',
      section: 'Methods: analysis',
      asks: 'heterogeneity across clusters such as hospitals',
    },
    ...{ known: answer.groupAnswer, gap: 'how differences between clusters were handled' },
  },
  {
    ...{
      number: '12e',
      section: 'Methods: analysis',
      asks: 'measures and plots of performance, comparison of models',
    },
    known: answer.measuresAnswer,
  },
  {
    ...{ number: '12f', section: 'Methods: analysis', asks: 'model updating after the evaluation' },
    gap: 'updating of the model on other data, or that there was none',
  },
  {
    ...{
      number: '12g',
      section: 'Methods: analysis',
      asks: 'how predictions of the evaluation were calculated',
    },
    known: (record) => [
      'Each fold predicts its test patients with the models of that fold.',
      ...answer.softwareAnswer(record),
    ],
  },
  {
    ...{
      number: '13',
      section: 'Methods: class imbalance',
      asks: 'methods for class imbalance and recalibration after them',
    },
    known: answer.imbalanceAnswer,
  },
  {
    number: '14',
    section: 'Methods: fairness',
    asks: 'approaches to fairness',
    gap: 'approaches to fairness, or none',
  },
  {
    ...{ number: '15', section: 'Methods: model output', asks: 'output, classification and thresholds' },
    known: answer.thresholdAnswer,
  },
  {
    ...{
      number: '16',
      section: 'Methods: training versus evaluation',
      asks: 'differences between development and evaluation data',
    },
    known: answer.partitionAnswer,
    gap: 'differences in setting, eligibility, outcome and predictors if other data were used',
  },
  {
    number: '17',
    section: 'Methods: ethics',
    asks: 'ethics committee, informed consent',
    gap: 'approval and consent',
  },
];
