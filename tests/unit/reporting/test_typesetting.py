import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.reporting.typesetting.paragraph import Typesetter
from retina_desktop.reporting.typesetting.shaping import Shaper
from retina_desktop.reporting.typesetting.type_styles import Span, TypeStyle

STYLE = TypeStyle(size=10.0, leading=14.0)
NAMES = {
    "Latin": "Nguyễn Thị Ánh Łukasz Şahin",
    "Greek": "Παναγιώτης Ωραιόπουλος",
    "Cyrillic": "Александр Щербаков",
    "Devanagari": "क्षमा त्रिपाठी",
    "Arabic": "محمد عبد الرحمن",
    "Urdu": "ڈاکٹر گلزار چوہدری",
    "Hebrew": "עדינה כהן",
    "Chinese": "張偉明 张伟",
    "Japanese": "山田たろう タロウ",
    "Korean": "김영희",
    "Tamil": "ஸ்ரீனிவாசன்",
    "Telugu": "క్షేత్రయ్య",
    "Bengali": "ক্ষিতীশ",
    "Thai": "ศิริพร",
    "Ethiopic": "ክብረት",
}
ANY_SCRIPT = st.text(
    st.sampled_from("".join(NAMES.values()) + "0123456789<>&/()-.,\u200d\u0301😀"), max_size=60
)


def glyphs(fonts, text, *, right_to_left=False):
    face = fonts.choose(text[0], bold=False).face
    return Shaper().shape(face, text, right_to_left=right_to_left).glyphs


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
@pytest.mark.parametrize("bold", [False, True])
def test_a_name_in_any_script_is_drawn_with_real_glyphs(typesetter, name, bold):
    line = typesetter.set_line(name, TypeStyle(bold=bold))
    assert line.text == name
    assert all(glyph.id != 0 for run in line.runs for glyph in run.shaped.glyphs)


def test_a_character_no_font_has_is_written_as_its_code(typesetter):
    assert typesetter.set_line("\U00020bb7野", STYLE).text == "[U+20BB7]野"


def test_devanagari_conjuncts_are_one_glyph(fonts):
    assert len(glyphs(fonts, "क्ष")) == 1


def test_the_vowel_sign_i_stands_before_its_consonant(fonts):
    assert [glyph.text for glyph in glyphs(fonts, "कि")] == ["कि", ""]
    assert glyphs(fonts, "कि")[1].id == glyphs(fonts, "क")[0].id


def test_arabic_letters_join(fonts):
    alone = glyphs(fonts, "ع", right_to_left=True)[0].id
    joined = [glyph.id for glyph in glyphs(fonts, "ععع", right_to_left=True)]
    assert len({alone, *joined}) == 4  # isolated, final, medial, initial


def test_arabic_runs_from_right_to_left(typesetter):
    (run,) = typesetter.set_line("محمد", STYLE).runs
    assert [glyph.text for glyph in run.shaped.glyphs] == ["د", "م", "ح", "م"]


def test_lines_are_no_wider_than_their_column_and_lose_nothing(typesetter):
    text = "The photograph shows something that a healthy eye does not. " * 5
    lines = typesetter.set_lines([Span(text)], STYLE, width=120.0)
    assert max(line.width for line in lines) <= 120.0
    assert " ".join(line.text for line in lines) == text.strip()


def test_line_feeds_end_lines_and_empty_lines_stay(typesetter):
    lines = typesetter.set_lines([Span("a\r\n\nb")], STYLE, width=120.0)
    assert [line.text for line in lines] == ["a", "", "b"]


def test_control_and_override_characters_are_not_set(typesetter):
    assert typesetter.set_line("a\u202eb\x07c\ufeff", STYLE).text == "abc"


def test_typed_text_takes_the_direction_of_its_first_letter(typesetter):
    def first_run(style):
        return typesetter.set_line("محمد car", style).runs[0].shaped.text

    assert first_run(TypeStyle()).startswith("محمد")
    assert first_run(TypeStyle(free_direction=True)).startswith("car")


def test_a_mark_is_never_parted_from_its_letter(typesetter):
    text = "कि" * 40
    lines = typesetter.set_lines([Span(text)], STYLE, width=25.0)
    assert len(lines) > 1
    assert all(line.text.startswith("क") for line in lines)


@given(ANY_SCRIPT, st.floats(8.0, 200.0), st.booleans())
def test_any_text_is_set_completely_within_any_width(fonts, text, width, right_to_left):
    setter = Typesetter(fonts, Shaper(), right_to_left=right_to_left)
    lines = setter.set_lines([Span(text)], TypeStyle(size=5.0), width=width)
    whole = setter.set_line(text, TypeStyle(size=5.0))
    joined = "".join(line.text for line in lines)
    assert joined.replace(" ", "") == whole.text.replace(" ", "")
    for line in lines:
        assert line.width <= width + 12.0 or len(line.text) <= 2
