"""The audit rules and their findings.

Each rule of rules/checks.toml that needs code names a measure: a function `count_...` of one of these modules. It looks
at the situation and at the forecast's tables and gives back a `core.counting.Count`: a description of what is to be
counted, which computes nothing yet. `core.audit.findings` asks all of them together, so that each table is read once.

What the answer to a `Count` means:
    * a number above 0: the finding says it, with the rule's severity;
    * 0: there is nothing to say, and no finding;
    * None: the snapshot lacks what the rule would have to look at (a column, a table, a setting of the portal). Then
      the finding is `not_checked`, with the rule's own sentence, and never passes for 0. A measure that can answer
      None says in its docstring when.

A `core.counting.Question` is the same with another answer, such as a text. `core.counting.known` is a question that is
answered already.
"""
