import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.hj212.errors import LocalFrameError
from protocols.hj212.verbatim import Verbatim, parse_verbatim, print_verbatim

SHAPES = [
    (b"", Verbatim((), None, "", "")),
    (b"CP=&&&&", Verbatim((), (), "CP=&&")),
    (b"A=1;CP=&&&&", Verbatim((("A", "1"),), (), ";CP=&&")),
    (b"A;;CP=&&a=1,b;&&", Verbatim((("A", None), ("", None)), ((("a", "1"), ("b", None)), ()),
                                   ";CP=&&")),
    (b"A=1CP=&&x&&", Verbatim((("A", "1"),), ((("x", None),),), "CP=&&")),
    (b"A; CP= &&a=1&&zz", Verbatim((("A", None),), ((("a", "1"),),), "; CP= &&", "&&zz")),
    (b"A=1;CP=abc", Verbatim((("A", "1"),), ((("abc", None),),), ";CP=", "")),
    ("i=清".encode("gbk"), Verbatim((("i", "清"),), None, "", "", "gbk")),
    (b"\xff;", Verbatim((("ÿ", None), ("", None)), None, "", "", "latin-1")),
]  # fmt: skip


@pytest.mark.parametrize(("data", "said"), SHAPES)
def test_shape_is_kept(data: bytes, said: Verbatim) -> None:
    assert parse_verbatim(data) == said
    assert print_verbatim(said) == data


@given(st.binary(max_size=80) | st.text("ACP=;,&/ \r1清", max_size=60).map(str.encode))
def test_every_byte_comes_back(data: bytes) -> None:
    assert print_verbatim(parse_verbatim(data)) == data


def test_text_that_the_charset_lacks_is_refused() -> None:
    with pytest.raises(LocalFrameError):
        print_verbatim(Verbatim((("清", None),), None, "", "", "latin-1"))
