"""Faces: what a picture records and what is measured, how similar they are, who may be kept."""

import base64
from typing import Any

import pytest

from emulator import apimodels
from emulator.ai import rekognition
from emulator.ai.rekognition.details import reasons
from emulator.ai.rekognition.faces import similarity
from emulator.ai.rekognition.pictures import read
from emulator.jsonapi import Json, RefusedRequestError
from tests.portraits import WHOLE, blank, jpeg, png, portrait
from tests.unit.emulator.ai.sites import Town

WRONG = (
    "unknown: age; allowed: person, box, resembles, confidence, yaw, pitch, roll, eyes_open, "
    "mouth_open, smile, eyeglasses, sunglasses, occluded; person must be a name, got None; "
    "yaw must be from -180 to 180, got 500"
)
SMALL = {"person": "far", "box": [0.0, 0.0, 0.1, 0.1]}
SIDE = {"person": "side", "box": [0.0, 0.0, 0.19, 0.5]}


def face(person: str, **options: Any) -> Any:
    """The face on a portrait."""
    return read(portrait(person, **options)).faces[0]


def test_brightness_and_sharpness_are_measured_in_the_pixels():
    """Of the same drawing, darker or blurred."""
    good, dark, blurred = face("ann"), face("ann", light=0.2), face("ann", blur=3)
    assert good.quality.brightness > 50
    assert good.quality.sharpness > 90
    assert dark.quality.brightness < 20
    assert blurred.quality.sharpness < 20


def test_a_jpeg_says_in_its_comment_who_is_on_it():
    """A PNG does so in its text."""
    assert read(jpeg("ann")).faces[0].person == face("ann").person == "ann"


def test_faces_are_told_from_the_largest_on_and_small_ones_are_not_seen():
    """Under 40 pixels of a picture of 1920 x 1080."""
    seen = read(portrait("ann", more=(SMALL, SIDE))).faces
    assert [one.person for one in seen] == ["ann", "side"]


def test_a_person_is_most_similar_to_themself_and_others_stay_under_every_threshold():
    """The same in both directions, each time."""
    ann, again, ben = face("ann"), face("ann", yaw=10), face("ben")
    assert similarity(ann, ann) == 99.9
    assert similarity(ann, again) == similarity(again, ann) == pytest.approx(98.9)
    assert similarity(ann, ben) == similarity(ben, ann) <= 35


def test_what_hides_a_face_makes_it_less_similar():
    """Darkness, blur, sunglasses."""
    ann = face("ann")
    hidden = [face("ann", light=0.2), face("ann", blur=3), face("ann", sunglasses=True)]
    assert all(similarity(ann, one) < 95 for one in hidden)


def test_a_picture_may_record_that_one_resembles_another():
    """So that thresholds can be tried on look-alikes."""
    assert similarity(face("twin", resembles={"ann": 97.0}), face("ann")) == 97.0


def test_filters_leave_out_faces_that_are_seen_badly():
    """With the reasons of Rekognition's model."""
    assert reasons(face("ann"), "HIGH") == []
    assert reasons(face("ann", light=0.1), "AUTO") == ["LOW_BRIGHTNESS"]
    assert reasons(face("ann", yaw=70, blur=4), "MEDIUM") == ["EXTREME_POSE", "LOW_SHARPNESS"]
    assert reasons(face("ann", light=0.1), "NONE") == []


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"no picture", "InvalidImageFormatException", "invalid image format"),
        (png(blank(40), []), "InvalidParameterException", "at least 80 pixels"),
        (png(blank(), {"a": 1}), "NotEmulatedException", "has to say who is on it"),
        (
            png(blank(), [{"box": WHOLE, "yaw": 500, "age": 3}]),
            "InvalidParameterException",
            WRONG,
        ),
        (png(blank(), [{"person": "a", "box": [0, 0, 2, 1]}]), "InvalidParameterException", "box"),
        (portrait("a") + b" " * 5 * 1024 * 1024, "ImageTooLargeException", "at most 5242880"),
    ],
)
def test_wrong_pictures_are_refused(content: bytes, code: str, words: str):
    """By Rekognition's error, with all that is wrong."""
    with pytest.raises(RefusedRequestError) as caught:
        read(content)
    assert caught.value.code == code
    assert words in caught.value.message


class Door:
    """A service that is called as the frame calls it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.service = rekognition.service(town.site())

    def __call__(self, operation: str, **request: Any) -> Json:
        """The answer, which satisfies the model."""
        given = {"CollectionId": "staff", **request}
        answer = self.service.operations[operation](self.town.call(given)).body
        assert apimodels.answer_failures("rekognition", operation, answer) == []
        return answer


@pytest.fixture
def door() -> Door:
    """With an empty collection `staff`."""
    made = Door(Town())
    made("CreateCollection")
    return made


def encoded(content: bytes) -> Json:
    """A picture as the protocol carries it."""
    return {"Bytes": base64.b64encode(content).decode()}


def index(door: Door, person: str, **options: Any) -> str:
    """The id of that person's face in the collection."""
    answer = door("IndexFaces", Image=encoded(portrait(person, **options)))
    return str(answer["FaceRecords"][0]["Face"]["FaceId"])


def test_a_picture_finds_the_faces_of_its_person(door: Door):
    """And nobody else's; the face itself is not among what it is like."""
    ann, again = index(door, "ann"), index(door, "ann", yaw=5)
    index(door, "ben")
    found = door("SearchFacesByImage", Image=encoded(portrait("ann")))["FaceMatches"]
    assert [match["Face"]["FaceId"] for match in found] == [ann, again]
    alike = door("SearchFaces", FaceId=ann)["FaceMatches"]
    assert [match["Face"]["FaceId"] for match in alike] == [again]


def test_a_picture_without_a_face_is_refused_where_one_is_needed(door: Door):
    """As AWS words it."""
    nobody = encoded(png(blank(), []))
    assert door("DetectFaces", Image=nobody) == {"FaceDetails": []}
    assert door("IndexFaces", Image=nobody)["FaceRecords"] == []
    with pytest.raises(RefusedRequestError, match="There are no faces in the image"):
        door("SearchFacesByImage", Image=nobody)


def test_more_faces_than_were_asked_for_are_not_indexed(door: Door):
    """With the reason."""
    two = encoded(portrait("ann", more=(SIDE,)))
    answer = door("IndexFaces", Image=two, MaxFaces=1, QualityFilter="NONE")
    assert len(answer["FaceRecords"]) == 1
    assert [one["Reasons"] for one in answer["UnindexedFaces"]] == [["EXCEEDS_MAX_FACES"]]


def test_a_user_has_the_faces_of_one_person(door: Door):
    """Another's face is refused by its similarity; what is known already changes nothing."""
    door("CreateUser", UserId="u1")
    ann, again, ben = index(door, "ann"), index(door, "ann", yaw=5), index(door, "ben")
    done = door("AssociateFaces", UserId="u1", FaceIds=[ann, again, ben, ann])
    assert [one["FaceId"] for one in done["AssociatedFaces"]] == [ann, again]
    (failed,) = done["UnsuccessfulFaceAssociations"]
    assert (failed["FaceId"], failed["Reasons"]) == (ben, ["LOW_MATCH_CONFIDENCE"])
    assert door("AssociateFaces", UserId="u1", FaceIds=[ann])["AssociatedFaces"] == []
    found = door("SearchUsersByImage", Image=encoded(portrait("ann")))
    assert [match["User"] for match in found["UserMatches"]] == [
        {"UserId": "u1", "UserStatus": "ACTIVE"}
    ]


def test_a_face_of_a_user_is_deleted_only_after_it_was_disassociated(door: Door):
    """Or after the user was deleted."""
    door("CreateUser", UserId="u1")
    ann = index(door, "ann")
    door("AssociateFaces", UserId="u1", FaceIds=[ann])
    kept = door("DeleteFaces", FaceIds=[ann])["UnsuccessfulFaceDeletions"]
    assert kept == [{"FaceId": ann, "UserId": "u1", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]}]
    assert door("DisassociateFaces", UserId="u1", FaceIds=[ann])["UserStatus"] == "CREATED"
    assert door("DeleteFaces", FaceIds=[ann])["DeletedFaces"] == [ann]
    gone = door("DeleteFaces", FaceIds=[ann])["UnsuccessfulFaceDeletions"]
    assert gone == [{"FaceId": ann, "Reasons": ["FACE_NOT_FOUND"]}]


def test_a_token_makes_a_change_once(door: Door):
    """With other parameters it is refused; without one a second user of an id is a conflict."""
    door("CreateUser", UserId="u1", ClientRequestToken="t")
    door("CreateUser", UserId="u1", ClientRequestToken="t")
    with pytest.raises(RefusedRequestError) as caught:
        door("CreateUser", UserId="u2", ClientRequestToken="t")
    assert caught.value.code == "IdempotentParameterMismatchException"
    with pytest.raises(RefusedRequestError) as caught:
        door("CreateUser", UserId="u1")
    assert caught.value.code == "ConflictException"


def test_two_pictures_are_compared_by_their_largest_source_face(door: Door):
    """Target faces that match come first, the others are told apart."""
    answer = door(
        "CompareFaces",
        SourceImage=encoded(portrait("ann")),
        TargetImage=encoded(portrait("ann", yaw=20, more=(SIDE,))),
    )
    assert [round(match["Similarity"], 1) for match in answer["FaceMatches"]] == [97.9]
    assert len(answer["UnmatchedFaces"]) == 1


def test_a_liveness_session_lasts_three_minutes(door: Door):
    """Of the cloud's clock; then everything of it is unavailable."""
    session = door("CreateFaceLivenessSession")["SessionId"]
    assert door("GetFaceLivenessSessionResults", SessionId=session)["Status"] == "CREATED"
    door.town.moment += 181
    assert door("GetFaceLivenessSessionResults", SessionId=session) == {
        "SessionId": session,
        "Status": "EXPIRED",
    }


def test_a_collection_is_gone_with_its_faces(door: Door):
    """One made again under its name is empty."""
    index(door, "ann")
    assert door("DescribeCollection")["FaceCount"] == 1
    door("DeleteCollection")
    with pytest.raises(RefusedRequestError) as caught:
        door("DescribeCollection")
    assert caught.value.code == "ResourceNotFoundException"
    door("CreateCollection")
    assert door("DescribeCollection")["FaceCount"] == 0
