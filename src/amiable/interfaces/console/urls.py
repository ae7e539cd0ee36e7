"""Addresses of the console."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, path
from django.views.i18n import set_language

from amiable.interfaces.console import (
    brand_urls,
    call_urls,
    case_urls,
    registered_urls,
    reply_urls,
    rest_urls,
    template_urls,
)
from amiable.interfaces.console.settings_forms import FORMS
from amiable.interfaces.console.views import (
    actions,
    assignment,
    bank,
    customers,
    dashboard,
    experiments,
    imports,
    jobs,
    outbox,
    scenarios,
    session,
    settings,
    simulation,
)

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("figures/", dashboard.figures, name="figures"),
    path("items/", dashboard.items, name="items"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:customer_id>/", customers.customer, name="customer"),
    *case_urls.PATHS,
    *call_urls.PATHS,
    path("actions/", actions.actions, name="actions"),
    path("actions/approve/", actions.approve, name="actions_approve"),
    path("actions/reopen/", actions.reopen, name="actions_reopen"),
    path("actions/refuse/", actions.refuse, name="actions_refuse"),
    path("actions/refuse/undo/", actions.refuse_undo, name="actions_refuse_undo"),
    path("actions/left-out/", actions.left_out, name="actions_left_out"),
    path("actions/<int:action_id>/preview/", actions.preview, name="action_preview"),
    path("actions/<int:action_id>/task/", actions.task, name="action_task"),
    path("actions/<int:action_id>/task/undo/", actions.task_undo, name="action_task_undo"),
    path("actions/<int:action_id>/resolve/", actions.resolve, name="action_resolve"),
    path("assignment/", assignment.assignment, name="assignment"),
    path("assignment/preview/", assignment.preview, name="assignment_preview"),
    path("assignment/move/", assignment.move, name="assignment_move"),
    path("assignment/move/undo/", assignment.move_undo, name="assignment_move_undo"),
    path("assignment/rules/", assignment.rule_keep, name="assignment_rule_keep"),
    path("assignment/rules/shift/", assignment.rule_shift, name="assignment_rule_shift"),
    path("assignment/rules/remove/", assignment.rule_remove, name="assignment_rule_remove"),
    path("assignment/rules/undo/", assignment.rules_undo, name="assignment_rules_undo"),
    path("assignment/case/", assignment.case_choose, name="assignment_case"),
    path("assignment/case/undo/", assignment.case_undo, name="assignment_case_undo"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<int:message_id>/", outbox.message, name="message"),
    path("outbox/<int:message_id>/html/", outbox.message_html, name="message_html"),
    path("outbox/<int:message_id>/letter/", outbox.message_pdf, name="message_pdf"),
    path("outbox/<int:message_id>/source/", outbox.message_source, name="message_source"),
    path("outbox/<int:message_id>/files/<int:position>/", outbox.message_file, name="message_file"),
    path("bank/", bank.bank, name="bank"),
    path("bank/match/", bank.match_all, name="match_all"),
    path("bank/lines/<int:line_id>/", bank.line, name="bank_line"),
    path("bank/lines/<int:line_id>/assign/", bank.line_assign, name="line_assign"),
    path("bank/lines/<int:line_id>/ignore/", bank.line_ignore, name="line_ignore"),
    path("bank/lines/<int:line_id>/restore/", bank.line_restore, name="line_restore"),
    path("bank/matches/<int:match_id>/confirm/", bank.match_confirm, name="match_confirm"),
    path("bank/matches/<int:match_id>/refuse/", bank.match_refuse, name="match_refuse"),
    path("bank/matches/<int:match_id>/undo/", bank.match_undo, name="match_undo"),
    path("imports/", imports.imports_home, name="imports"),
    path("imports/file/", imports.import_file, name="import_file"),
    path("imports/<int:run_id>/", imports.import_run, name="import_run"),
    path("imports/<int:run_id>/rejected/", imports.import_rejected, name="import_rejected"),
    path("scenarios/", scenarios.scenario_list, name="scenarios"),
    path("scenarios/file/", scenarios.scenario_upload, name="scenario_upload"),
    path("scenarios/shipped/<slug:shipped>/", scenarios.shipped, name="scenario_shipped"),
    path("scenarios/shipped/<slug:shipped>/copy/", scenarios.scenario_copy, name="scenario_copy"),
    path("scenarios/<int:scenario_id>/", scenarios.scenario, name="scenario"),
    path("scenarios/<int:scenario_id>/file/", scenarios.scenario_file, name="scenario_file"),
    path(
        "scenarios/<int:scenario_id>/default/", scenarios.scenario_default, name="scenario_default"
    ),
    path(
        "scenarios/<int:scenario_id>/duplicate/",
        scenarios.scenario_duplicate,
        name="scenario_duplicate",
    ),
    path("scenarios/<int:scenario_id>/edit/", scenarios.scenario_edit, name="scenario_edit"),
    path("scenarios/<int:scenario_id>/draft/", scenarios.scenario_draft, name="scenario_draft"),
    path(
        "scenarios/<int:scenario_id>/preview/", scenarios.scenario_preview, name="scenario_preview"
    ),
    path("scenarios/<int:scenario_id>/save/", scenarios.scenario_save, name="scenario_save"),
    *reply_urls.PATHS,
    *rest_urls.PATHS,
    *registered_urls.PATHS,
    *template_urls.PATHS,
    path("simulation/", simulation.simulation, name="simulation"),
    path("simulation/run/", simulation.simulation_run, name="simulation_run"),
    path("simulation/<int:job_id>/", simulation.simulation_result, name="simulation_result"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("experiments/", experiments.experiments, name="experiments"),
    path("experiments/forecast/", experiments.experiment_forecast, name="experiments_forecast"),
    path("experiments/start/", experiments.experiment_start, name="experiments_start"),
    path("experiments/stop/", experiments.experiment_stop, name="experiments_stop"),
    path("experiments/<int:experiment_id>/", experiments.experiment, name="experiment"),
    path("settings/", settings.settings, name="settings"),
    *brand_urls.PATHS,
    path("settings/caps/remove/", settings.cap_remove, name="settings_cap_remove"),
    path("settings/undo/", settings.settings_undo, name="settings_undo"),
    *(
        path(f"settings/{part}/", settings.settings_change, {"part": part}, f"settings_{part}")
        for part in FORMS
    ),
    path("login/", session.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="console:login"), name="logout"),
    path("password/", session.Password.as_view(), name="password"),
    path("language/", set_language, name="language"),
    path("theme/", session.theme, name="theme"),
]
