"""The error that a person sees, and the problem that it is among others."""

from __future__ import annotations

from ansible.module_utils.groundwork.errors import GroundworkError, Problem


def test_its_text_has_what_where_the_evidence_and_the_next_step_in_this_order() -> None:
    error = GroundworkError("It broke.", where="here", next_step="Fix it.", details=["a", "b"])
    assert str(error) == "It broke.\nWhere: here\n  a\n  b\nNext: Fix it."
    assert str(GroundworkError("It broke.")) == "It broke."


def test_an_error_is_a_problem_and_a_problem_an_error() -> None:
    problem = Problem("It broke.", "here", "Fix it.")
    error = problem.as_error()
    assert (error.what, error.where, error.next_step) == ("It broke.", "here", "Fix it.")
    assert error.as_problem() == problem
