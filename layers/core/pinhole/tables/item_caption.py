"""Table `item_caption`: what vision-language models say of pictures."""

from psycopg import Connection

from pinhole.seen import Caption, Look


def insert(conn: Connection, look: Look, said: Caption) -> None:
    """Write what was said."""
    conn.execute(
        """
        INSERT INTO item_caption (
            owner_id, item_id, percentage, model_id, caption, main_subject, setting, pets, animal_type, vehicle,
            landmark, food, drink, event, activity, document_type, people_count, mood, indoor, landscape, cityscape)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            *look.key,
            *(said.caption, said.main_subject, said.setting, said.pets, said.animal_type, said.vehicle),
            *(said.landmark, said.food, said.drink, said.event, said.activity, said.document_type),
            *(said.people_count, said.mood, said.indoor, said.landscape, said.cityscape),
        ),
    )
