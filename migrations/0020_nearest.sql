-- The nearest pictures of a library that is too large for comparing all of them: the search asks these by their dimension.

-- As many vectors as there are are put in, which takes a minute for 100,000.
SET LOCAL statement_timeout = 0;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX image_embedding_512_idx ON image_embedding USING hnsw ((embedding::halfvec(512)) halfvec_ip_ops)
    WHERE vector_dims(embedding) = 512;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX image_embedding_768_idx ON image_embedding USING hnsw ((embedding::halfvec(768)) halfvec_ip_ops)
    WHERE vector_dims(embedding) = 768;
