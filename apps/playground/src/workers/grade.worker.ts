/** The worker that checks a lesson's steps. It keeps nothing: the page ends it when an answer takes too long. */
import { expose } from 'comlink'
import { gradeLesson } from '@offload/session'
import type { Lesson, LessonResult, Submission } from '@offload/session'

const grader = {
  grade(lesson: Lesson, submission: Submission): LessonResult {
    return gradeLesson(lesson, submission)
  },
}

export type GradeWorker = typeof grader

expose(grader)
