using Confluent.Kafka;

namespace FastStream;

/// <summary>What errors of brokers and clients mean.</summary>
internal static class KafkaErrors
{
    /// <summary>Whether waiting cannot help: credentials, rights, settings.</summary>
    public static bool IsFinal(Error error) =>
        error.Code is ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication or ErrorCode.TopicAuthorizationFailed
        or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
            or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.UnsupportedSaslMechanism
        or ErrorCode.Local_Ssl or ErrorCode.Local_InvalidArg or ErrorCode.UnsupportedVersion or ErrorCode.UnsupportedForMessageFormat;

    /// <summary>Whether the offset that was asked for is not there any more, or the topic is not.</summary>
    public static bool IsLostRange(Error error) => error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange;

    /// <summary>Whether another program has taken the transactional id.</summary>
    public static bool IsFenced(Error error) =>
        error.Code is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch;

    public static string Sentence(Error error, string servers) => error.Code switch
    {
        ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication =>
            $"{servers} refuses the credentials: {error.Reason}. Check sasl.mechanism, sasl.username and "
                + "sasl.password, or the certificate.",
        ErrorCode.Local_Ssl => $"{servers}: TLS failed: {error.Reason}. Check security.protocol and the ssl settings.",
        _ => $"{servers}: {error.Reason}.",
    };
}

/// <summary>A Kafka stream or output cannot go on.</summary>
public sealed class KafkaStreamException : Exception
{
    /// <summary>An error without words.</summary>
    public KafkaStreamException()
    {
    }

    /// <summary>An error in words.</summary>
    public KafkaStreamException(string message)
        : base(message)
    {
    }

    /// <summary>An error in words, with its cause.</summary>
    public KafkaStreamException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
