"""Templates of discovery messages: what they give, what is not understood, and that none of them does harm."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shouwang.domain.template_functions import LONGEST_RESULT, TemplateError
from shouwang.domain.value_template import LONGEST_TEMPLATE, Template

MESSAGE = {"smoke": True, "level": "87", "inner": {"list": [1, 2.5]}, "state": "ALARM", "nothing": None}
NAMES = {"value": "21.5", "value_json": MESSAGE}


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("{{ value }}", "21.5"),
        ("{{ value_json.smoke }}", "True"),
        ("{{ value_json['inner']['list'][1] | round(0) }}", "2.0"),
        ("{{ value_json.level | float(0) / 10 }}", "8.7"),
        ("{% if value_json.state == 'ALARM' %}ON{% elif value_json.smoke %}OFF{% else %}x{% endif %}", "ON"),
        ("{{ 'ON' if not value_json.smoke else 'OFF' }}", "OFF"),
        ("{{ value_json.other | default('none') }}", "none"),
        ("{{ value_json.other }}", ""),
        ("{{ ((value | float) * 1.8 + 32) | round(1) }}", "70.7"),
        ("{% set word = value_json.state | lower -%}{{ word in ['alarm', 'fire'] }}", "True"),
        ("{{ iif(value_json.smoke, 'ON', 'OFF') }}", "ON"),
        ("{{ {'ALARM': 'ON'}.get(value_json.state, 'OFF') }}", "ON"),
        ("{{ value_json.level | int > 80 and value_json.nothing is none }}", "True"),
        ("{{ value_json.other is defined }}", "False"),
        ("{{ value_json.state ~ '-' ~ value_json.level }}", "ALARM-87"),
        ("a {# a note #}b", "a b"),
        ("{{ -1 + 2 * 3 }}", "5"),
    ],
)
def test_a_template_gives_its_text(template: str, result: str) -> None:
    assert Template(template).render(NAMES) == result


@pytest.mark.parametrize(
    "template",
    [
        "{{ states('sensor.x') }}",
        "{{ now() }}",
        "{{ value_json.x | regex_replace('(a+)+$', '') }}",
        "{{ ''.__class__.__mro__ }}{{ value_json.__len__() }}",
        "{% for one in value_json %}{% endfor %}",
        "{% if value %}",
        "{{ value",
        "{{ (value }}",
        "{{ 2 ** 99999 }}",
        "{{ " + "(" * 50 + "1" + ")" * 50 + " }}",
        "x" * (LONGEST_TEMPLATE + 1),
    ],
)
def test_what_is_not_understood_is_said_when_it_is_announced(template: str) -> None:
    with pytest.raises(TemplateError):
        Template(template).render(NAMES)


def test_what_a_message_lacks_is_no_value() -> None:
    with pytest.raises(TemplateError):
        Template("{{ value_json.other | is_defined }}").render(NAMES)
    with pytest.raises(TemplateError):
        Template("{{ value_json.other | float }}").render(NAMES)


def test_a_text_that_doubles_with_every_step_ends() -> None:
    doubling = "{% set a = 'xxxxxxxx' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}"

    with pytest.raises(TemplateError, match=str(LONGEST_RESULT)):
        Template(doubling).render(NAMES)


@example("0.")
@given(st.text(alphabet="{}%|().[]'\"~+-*/<>=! value_jsonifelsetx0129", max_size=120))
def test_any_text_is_a_template_or_is_refused(text: str) -> None:
    for template in (text, "{{ " + text + " }}", "{% " + text + " %}"):
        try:
            assert len(Template(template).render(NAMES)) <= LONGEST_RESULT
        except TemplateError:
            continue
