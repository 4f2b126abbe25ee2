namespace FastStream.Samples.FromSpark;

/// <summary>Counts the words in records of Kafka topics: the direct stream of `spark-streaming-kafka`.</summary>
public static class DirectKafkaWordCount
{
    public static void Describe(StreamingContext context, string brokers, string topics) =>
        Count(context.KafkaStream(new KafkaSourceOptions { BootstrapServers = brokers, Topics = topics.Split(',') })).Print();

    public static DStream<(Utf8Text Word, long Count)> Count(DStream<KafkaRecord<Utf8Text, Utf8Text>> records) =>
        records.Map(record => record.Value).SplitWords().Map(word => (word, 1L)).ReduceByKey((a, b) => a + b);
}
